#include "whitney/search/append_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::search {
namespace {

using testing::HasSubstr;

// A column of the values, null for none.
Attributes column(const std::string& name, const Value::List& values) {
  ColumnBuilder builder(name);
  for (const Value& value : values) builder.add(value, "here");
  return {std::ssize(values), {builder.finish()}};
}

Value::List values_of(const Attributes& attributes, const std::string& name) {
  Value::List values;
  for (int64_t row = 0; row < attributes.num_rows; ++row) values.push_back(attributes.find(name)->value(row));
  return values;
}

Value::List appended(const Value::List& first, const Value::List& second) {
  const Attributes result =
      append_rows(column("x", first), std::ssize(first), column("x", second), std::ssize(second));
  result.validate();
  return values_of(result, "x");
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Value set(std::vector<std::string> elements) {
  Value::List list;
  for (std::string& element : elements) list.emplace_back(std::move(element));
  return list;
}

TEST(AppendRows, KeepsTheValuesOfEveryTypeOnBothSides) {
  const std::vector<std::pair<Value::List, Value::List>> cases = {
      {{1, 2}, {3}},
      {{1.5, Value()}, {2.5}},
      {{true}, {false, true}},
      {{"b", "d", "b"}, {"c", "b", "a", Value()}},
      {{set({"b", "d"}), set({})}, {set({"a", "d"}), Value(), set({"c"})}}};
  for (const auto& [first, second] : cases) {
    Value::List due = first;
    due.insert(due.end(), second.begin(), second.end());
    EXPECT_EQ(Value(appended(first, second)), Value(due));
  }
}

TEST(AppendRows, LeavesOutWhatASideLacks) {
  const Attributes result = append_rows(column("a", {1, 2}), 2, column("b", {set({"x"})}), 1);
  result.validate();
  EXPECT_EQ(Value(values_of(result, "a")), Value(Value::List{1, 2, Value()}));
  EXPECT_EQ(Value(values_of(result, "b")), Value(Value::List{Value(), Value(), set({"x"})}));
}

TEST(AppendRows, WidensIntegersBehindRealsAndTakesAnEmptyColumnForAnyType) {
  EXPECT_EQ(Value(appended({0.5}, {2})), Value(Value::List{0.5, 2.0}));
  EXPECT_EQ(Value(appended({7}, {Value()})), Value(Value::List{7, Value()}));
  EXPECT_EQ(Value(appended({Value()}, {7})), Value(Value::List{Value(), 7}));
}

TEST(AppendRows, NamesTheColumnAndBothTypesThatDoNotFit) {
  const std::string error = error_of([] { appended({"text"}, {7}); });
  EXPECT_THAT(error, HasSubstr("\"x\""));
  EXPECT_THAT(error, HasSubstr("string"));
  EXPECT_THAT(error, HasSubstr("int"));
}

TEST(AppendRows, PutsIdsBehindOneAnotherAndIntegersAsTextBehindStrings) {
  const Ids strings = append_rows(Ids::strings({"a"}), Ids::integers({17}));
  EXPECT_EQ(strings.string(1), "17");
  EXPECT_EQ(append_rows(Ids::integers({5}), Ids::integers({6})).integer(1), 6U);
  EXPECT_THAT(error_of([] { append_rows(Ids::integers({5}), Ids::strings({"b"})); }), HasSubstr("\"b\""));
}

}  // namespace
}  // namespace whitney::search
