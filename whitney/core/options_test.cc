#include "whitney/core/options.h"

#include <gtest/gtest.h>

#include <limits>

#include "whitney/core/registry.h"

namespace whitney {
namespace {

enum class Color : uint8_t { kRed, kGreen };
constexpr auto enum_names(Color) { return std::array<std::string_view, 2>{"red", "green"}; }

struct AllKinds {
  bool flag = true;
  int count = 3;
  double rate = 0.5;
  std::string title = "t";
  Color color = Color::kGreen;
  Path file{"a.txt"};
  std::optional<int> limit;
  std::vector<double> weights = {1, 2.5};
  MethodChoice base{"options-test-part", {}};
  void fields(auto&& field) {
    field("flag", flag, "A flag");
    field("count", count, Range{1, 10}, "A count");
    field("rate", rate, Range{0, 1}, "A rate");
    field("title", title, "A title");
    field("color", color, "A color");
    field("file", file, "A file");
    field("limit", limit, Range{0, 5}, "A limit");
    field("weights", weights, Range{0, 100}, "Weights");
    field("base", base, "learn", "A part");
  }
};

struct PartOptions {
  int dim = 8;
  void fields(auto&& field) { field("dim", dim, Range{1, 100}, "Width"); }
};

const bool part_registered = register_method(
    declare_method<PartOptions>(Verb::kLearn, {"options-test-part", "Part", "A part", "", "", ""}, nullptr));

const Method& method() {
  static const Method kMethod =
      declare_method<AllKinds>(Verb::kLearn, {"options-test", "", "", "", "", ""}, nullptr);
  return kMethod;
}

std::string message(const std::function<void()>& body) {
  try {
    body();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Options, DeclareEveryKind) {
  const auto specs = option_specs<AllKinds>();
  ASSERT_EQ(specs.size(), 9u);
  EXPECT_EQ(specs[1].type_text(), "int in [1, 10]");
  EXPECT_EQ(specs[4].type_text(), "one of red, green");
  EXPECT_EQ(specs[4].default_value, Value("green"));
  EXPECT_TRUE(specs[6].is_optional);
  EXPECT_TRUE(specs[6].default_value.is_null());
  EXPECT_EQ(specs[7].default_value, Value(Value::List{1.0, 2.5}));
  EXPECT_EQ(specs[8].verb, "learn");
}

TEST(Options, FillInDefaultsInTheOrderOfTheDeclaration) {
  ASSERT_TRUE(part_registered);
  EXPECT_EQ(resolve_options(method(), Value::object({{"count", 4}})).to_json(),
            R"({"flag":true,"count":4,"rate":0.5,"title":"t","color":"green","file":"a.txt","limit":null,)"
            R"("weights":[1.0,2.5],"base":"options-test-part","base.dim":8})");
}

TEST(Options, ComeBackAsTheStruct) {
  const Value resolved = resolve_options(
      method(),
      Value::object(
          {{"flag", false}, {"color", "red"}, {"limit", 2}, {"weights", Value::List{7}}, {"base.dim", 16}}));
  const AllKinds options = options_from<AllKinds>(resolved);
  EXPECT_FALSE(options.flag);
  EXPECT_EQ(options.color, Color::kRed);
  EXPECT_EQ(options.limit, 2);
  EXPECT_EQ(options.weights, std::vector<double>{7});
  EXPECT_EQ(options.base.method, "options-test-part");
  EXPECT_EQ(options_from<PartOptions>(options.base.options).dim, 16);
}

TEST(Options, NameTheNearestKnownName) {
  EXPECT_EQ(message([] { resolve_options(method(), Value::object({{"cuont", 4}})); }),
            "unknown option \"cuont\" of options-test; did you mean \"count\"?");
  EXPECT_NE(message([] { resolve_options(method(), Value::object({{"base.din", 4}})); }).find("\"base.dim\""),
            std::string::npos);
}

TEST(Options, RefuseWrongValuesWithWhatWouldBeRight) {
  EXPECT_EQ(message([] { resolve_options(method(), Value::object({{"count", 11}})); }),
            "option \"count\": 11 is not allowed (expected: int in [1, 10])");
  EXPECT_NE(message([] {
              resolve_options(method(), Value::object({{"rate", std::numeric_limits<double>::infinity()}}));
            }).find("\"rate\": inf is not allowed"),
            std::string::npos);
  EXPECT_NE(message([] { resolve_options(method(), Value::object({{"count", 1.5}})); }).find("1.5"),
            std::string::npos);
  EXPECT_NE(message([] { resolve_options(method(), Value::object({{"flag", "x"}})); }).find("true or false"),
            std::string::npos);
  EXPECT_NE(message([] {
              resolve_options(method(), Value::object({{"color", "gren"}}));
            }).find("did you mean \"green\"?"),
            std::string::npos);
  EXPECT_NE(message([] {
              resolve_options(method(), Value::object({{"base", "options-test-prat"}}));
            }).find("did you mean \"options-test-part\"?"),
            std::string::npos);
}

TEST(Options, ReadTheTextOfACommandLine) {
  const auto specs = option_specs<AllKinds>();
  EXPECT_EQ(parse_option_text(specs[0], "no"), Value(false));
  EXPECT_EQ(parse_option_text(specs[1], "7"), Value(7));
  EXPECT_EQ(parse_option_text(specs[2], "1e-2"), Value(0.01));
  EXPECT_EQ(parse_option_text(specs[2], "1"), Value(1.0));
  EXPECT_EQ(parse_option_text(specs[7], "1,2,3.5"), Value(Value::List{1.0, 2.0, 3.5}));
  EXPECT_NE(message([&] { parse_option_text(specs[1], "seven"); }).find("\"seven\""), std::string::npos);
  EXPECT_NE(message([&] { parse_option_text(specs[2], "nan"); }).find("rate"), std::string::npos);
  EXPECT_NE(message([&] { parse_option_text(specs[7], "1,,2"); }).find("weights"), std::string::npos);
}

}  // namespace
}  // namespace whitney
