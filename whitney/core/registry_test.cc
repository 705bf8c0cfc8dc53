#include "whitney/core/registry.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

struct TestOptions {
  int dim = 4;
  bool scale = false;
  double factor = 2;
  void fields(auto&& field) {
    field("dim", dim, Range{1, 10}, "Width");
    field("scale", scale, "Whether to scale");
    field("factor", factor, Range{0, 10}, "By how much");
  }
  std::vector<std::string> ineffective() const {
    if (!scale && factor != TestOptions().factor) return {"factor has no effect without scale"};
    return {};
  }
};

const bool registered = register_method(declare_method<TestOptions>(
    Verb::kCompress, {"registry-test", "RegistryTest", "Tests", "", "", ""}, nullptr));

TEST(Registry, FindsAMethodByVerbAndName) {
  ASSERT_TRUE(registered);
  ASSERT_NE(Registry::instance().find(Verb::kCompress, "registry-test"), nullptr);
  EXPECT_EQ(Registry::instance().find(Verb::kLearn, "registry-test"), nullptr);
}

TEST(Registry, NamesTheNearestMethod) {
  try {
    Registry::instance().get(Verb::kCompress, "registry-tets");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"registry-test\"?"), std::string::npos)
        << error.what();
  }
}

TEST(Registry, RefusesASecondDeclaration) {
  Registry registry;
  registry.add(declare_method<TestOptions>(Verb::kLearn, {"twice", "", "", "", "", ""}, nullptr));
  EXPECT_THROW(
      registry.add(declare_method<TestOptions>(Verb::kLearn, {"twice", "", "", "", "", ""}, nullptr)),
      InternalError);
}

TEST(Registry, SortsByVerbThenName) {
  Registry registry;
  registry.add(declare_method<TestOptions>(Verb::kIndex, {"a", "", "", "", "", ""}, nullptr));
  registry.add(declare_method<TestOptions>(Verb::kLearn, {"z", "", "", "", "", ""}, nullptr));
  registry.add(declare_method<TestOptions>(Verb::kLearn, {"b", "", "", "", "", ""}, nullptr));
  const auto all = registry.all();
  EXPECT_EQ(all[0]->info.name, "b");
  EXPECT_EQ(all[1]->info.name, "z");
  EXPECT_EQ(all[2]->info.name, "a");
}

TEST(Registry, TellsWhichOptionsHaveNoEffect) {
  const Method& method = Registry::instance().get(Verb::kCompress, "registry-test");
  EXPECT_TRUE(method.ineffective(resolve_options(method, Value::object())).empty());
  EXPECT_EQ(method.ineffective(resolve_options(method, Value::object({{"factor", 3}}))).size(), 1u);
}

}  // namespace
}  // namespace whitney
