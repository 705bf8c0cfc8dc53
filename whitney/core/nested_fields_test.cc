#include "whitney/core/nested_fields.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/registry.h"

namespace whitney {
namespace {

struct Part {
  int width = 3;
  bool bold = false;
  void fields(auto&& field) {
    field("width", width, Range{1, 9}, "Width");
    field("bold", bold, "Thick");
  }
};

struct Whole {
  int width = 5;
  Part pen;
  void fields(auto&& field) {
    field("width", width, "Of the paper");
    pen.fields(NestedFields(field, "pen"));
  }
};

Method method() {
  MethodInfo info;
  info.name = "draw";
  return declare_method<Whole>(Verb::kLearn, std::move(info), std::make_shared<MethodRunner>());
}

TEST(NestedFields, NamesTheOptionsOfAPartWithADot) {
  const std::vector<OptionSpec> specs = option_specs<Whole>();
  ASSERT_EQ(specs.size(), 3U);
  EXPECT_EQ(specs[1].name, "pen.width");
  EXPECT_EQ(specs[1].default_value, Value(3));
  EXPECT_EQ(specs[1].range->high, 9);
  EXPECT_EQ(specs[2].name, "pen.bold");
}

TEST(NestedFields, FillsThePartFromResolvedOptions) {
  const Value given = Value::object({{"pen.width", 7}, {"width", 2}});
  const auto whole = options_from<Whole>(resolve_options(method(), given));
  EXPECT_EQ(whole.width, 2);
  EXPECT_EQ(whole.pen.width, 7);
  EXPECT_FALSE(whole.pen.bold);
}

TEST(NestedFields, OffersTheNearestName) {
  try {
    resolve_options(method(), Value::object({{"pen.wdith", 7}}));
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean \"pen.width\"?"), std::string::npos);
  }
}

}  // namespace
}  // namespace whitney
