#include "whitney/data/attributes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Value list(std::initializer_list<const char*> elements) {
  return Value::List(elements.begin(), elements.end());
}

Column build(const std::vector<Value>& values, std::optional<ColumnType> type = std::nullopt) {
  ColumnBuilder builder("c", type);
  for (size_t i = 0; i < values.size(); ++i) builder.add(values[i], "t.jsonl:" + std::to_string(i + 1));
  return builder.finish();
}

std::vector<Value> values_of(const Column& column) {
  std::vector<Value> values;
  for (int64_t row = 0; row < column.num_rows(); ++row) values.push_back(column.value(row));
  return values;
}

TEST(ColumnBuilder, FindsTheTypeThatFits) {
  EXPECT_EQ(build({1, -2}).type, ColumnType::kInt);
  EXPECT_EQ(build({1.5}).type, ColumnType::kReal);
  EXPECT_EQ(build({true}).type, ColumnType::kBool);
  EXPECT_EQ(build({"a"}).type, ColumnType::kString);
  EXPECT_EQ(build({list({"a"})}).type, ColumnType::kSet);
  EXPECT_EQ(build({"2026-11-24"}).type, ColumnType::kString);
  EXPECT_EQ(build({"2026-11-24"}, ColumnType::kDate).type, ColumnType::kDate);
  EXPECT_EQ(build({Value(), Value()}).type, ColumnType::kString);
  EXPECT_EQ(build({}).num_rows(), 0);
}

TEST(ColumnBuilder, WidensIntegersWhenARealComes) {
  const Column column = build({1, Value(), 2.5, 3});
  EXPECT_EQ(column.type, ColumnType::kReal);
  EXPECT_THAT(values_of(column), ElementsAre(1.0, Value(), 2.5, 3.0));
}

TEST(ColumnBuilder, RefusesToRoundAnIntegerSilently) {
  const int64_t odd = (int64_t{1} << 53) + 1;
  EXPECT_THAT(error_of([&] { build({odd, 0.5}); }), HasSubstr("9007199254740993"));
  EXPECT_THAT(error_of([&] { build({0.5, odd}); }), HasSubstr("9007199254740993"));
}

TEST(ColumnBuilder, SortsTheDictionaryByBytes) {
  const Column column = build({"é", "b", "", "B", "b"});
  EXPECT_EQ(column.dictionary_size(), 4);
  EXPECT_EQ(column.dictionary_entry(0), "");
  EXPECT_EQ(column.dictionary_entry(1), "B");
  EXPECT_EQ(column.dictionary_entry(3), "é");
  EXPECT_EQ(column.find_code("b"), 2U);
  EXPECT_EQ(column.find_code("a"), std::nullopt);
  EXPECT_THAT(values_of(column), ElementsAre("é", "b", "", "B", "b"));
}

TEST(ColumnBuilder, KeepsEachElementOfASetOnce) {
  const Column column = build({list({"z", "a", "z"}), list({}), Value(), list({"m"})});
  EXPECT_THAT(values_of(column), ElementsAre(list({"a", "z"}), list({}), Value(), list({"m"})));
  EXPECT_EQ(column.codes.size(), 3);
}

TEST(ColumnBuilder, TellsMissingFromEmpty) {
  const Column column = build({Value(), "", Value()});
  EXPECT_FALSE(column.has(0));
  EXPECT_TRUE(column.has(1));
  EXPECT_FALSE(column.has(2));
  EXPECT_TRUE(build({"", "a"}).present.empty());
}

TEST(ColumnBuilder, TakesNaNAsMissing) {
  EXPECT_THAT(values_of(build({1.5, std::nan(""), -INFINITY})), ElementsAre(1.5, Value(), -INFINITY));
}

TEST(ColumnBuilder, NamesBothPlacesOfAMixture) {
  const std::string error = error_of([] { build({Value(), 12, Value(), "twelve"}); });
  EXPECT_THAT(error, HasSubstr("t.jsonl:4"));
  EXPECT_THAT(error, HasSubstr("\"twelve\""));
  EXPECT_THAT(error, HasSubstr("as at t.jsonl:2"));
}

TEST(ColumnBuilder, RefusesMixturesOfEveryPair) {
  const std::vector<Value> kinds = {1, true, "a", list({"a"})};
  for (size_t a = 0; a < kinds.size(); ++a) {
    for (size_t b = 0; b < kinds.size(); ++b) {
      if (a == b) continue;
      EXPECT_THAT(error_of([&] { build({kinds[a], kinds[b]}); }), HasSubstr("t.jsonl:2")) << a << b;
    }
  }
}

TEST(ColumnBuilder, HoldsToTheTypeThatWasAskedFor) {
  EXPECT_EQ(build({1}, ColumnType::kReal).type, ColumnType::kReal);
  EXPECT_THAT(error_of([] { build({1.5}, ColumnType::kInt); }), HasSubstr("1.5"));
  EXPECT_THAT(error_of([] { build({"no day"}, ColumnType::kDate); }), HasSubstr("no day"));
  EXPECT_THAT(error_of([] { build({17}, ColumnType::kDate); }), HasSubstr("17"));
}

TEST(ColumnBuilder, RefusesObjectsAndListsOfOtherThings) {
  EXPECT_THAT(error_of([] { build({Value::object()}); }), HasSubstr("t.jsonl:1"));
  EXPECT_THAT(error_of([] { build({Value(Value::List{1, 2}), Value()}); }), HasSubstr("t.jsonl:1"));
}

TEST(ColumnBuilder, IsEmptyAndUsableAfterFinish) {
  ColumnBuilder builder("c");
  builder.add(1, "");
  builder.finish();
  builder.add("a", "");
  EXPECT_THAT(values_of(builder.finish()), ElementsAre("a"));
}

// One generator for all types: the column must give back what was put in (sets sorted, each element once).
RC_GTEST_PROP(ColumnBuilderProperty, GivesBackWhatWasAdded, ()) {
  const auto present = *rc::gen::arbitrary<std::vector<bool>>();
  const int type = *rc::gen::inRange(0, 5);
  std::vector<Value> values;
  for (const bool has : present) {
    if (!has)
      values.emplace_back();
    else if (type == 0)
      values.emplace_back(*rc::gen::arbitrary<int64_t>());
    else if (type == 1)
      values.emplace_back(*rc::gen::arbitrary<double>());
    else if (type == 2)
      values.emplace_back(*rc::gen::arbitrary<bool>());
    else if (type == 3)
      values.emplace_back(*rc::gen::arbitrary<std::string>());
    else {
      const auto elements = *rc::gen::arbitrary<std::set<std::string>>();
      values.emplace_back(Value::List(elements.begin(), elements.end()));
    }
  }
  const Column column = build(values);
  column.validate(static_cast<int64_t>(values.size()));
  RC_ASSERT(values_of(column) == values);
}

RC_GTEST_PROP(ColumnBuilderProperty, MakesTheSameColumnInAnyOrderOfFirstAppearance,
              (std::vector<std::string> words)) {
  std::vector<Value> forward(words.begin(), words.end()), backward(words.rbegin(), words.rend());
  const Column a = build(forward), b = build(backward);
  RC_ASSERT(std::ranges::equal(a.dictionary_bytes, b.dictionary_bytes));
  RC_ASSERT(std::ranges::equal(a.dictionary_offsets, b.dictionary_offsets));
}

TEST(Column, NamesTypesBothWays) {
  for (const char* name : {"int", "real", "bool", "string", "date", "set"})
    EXPECT_EQ(name_of(*column_type_of(name)), name);
  EXPECT_EQ(column_type_of("text"), std::nullopt);
}

TEST(Column, ValidationFindsEachKindOfDamage) {
  const Column text = build({"a", "b"});
  const Column set = build({list({"a", "b"}), Value()});
  EXPECT_NO_THROW(text.validate(2));
  EXPECT_NO_THROW(set.validate(2));
  EXPECT_THROW(text.validate(3), Error);
  const auto broken = [](Column column, const std::function<void(Column&)>& damage) {
    damage(column);
    return error_of([&] { column.validate(2); });
  };
  EXPECT_THAT(broken(text, [](Column& c) { c.codes = {0, 2}; }), HasSubstr("\"c\""));
  EXPECT_THAT(broken(text, [](Column& c) { c.dictionary_offsets = {0, 3, 2}; }), HasSubstr("\"c\""));
  EXPECT_THAT(broken(text, [](Column& c) { c.dictionary_offsets = {0, 1, 3}; }), HasSubstr("\"c\""));
  EXPECT_THAT(broken(text, [](Column& c) { c.dictionary_bytes = {'b', 'a'}; }), HasSubstr("order"));
  EXPECT_THAT(broken(text, [](Column& c) { c.present = {1}; }), HasSubstr("\"c\""));
  EXPECT_THAT(broken(text, [](Column& c) { c.present = {1, 2}; }), HasSubstr("\"c\""));
  EXPECT_THAT(broken(set, [](Column& c) { c.codes = {1, 0}; }), HasSubstr("row 0"));
  EXPECT_THAT(broken(set, [](Column& c) { c.codes = {1, 1}; }), HasSubstr("row 0"));
  EXPECT_THAT(broken(set, [](Column& c) { c.starts = {0, 3, 2}; }), HasSubstr("\"c\""));
  EXPECT_THAT(broken(set, [](Column& c) { c.starts = {0, 1, 2}; }), HasSubstr("row 1"));
  EXPECT_THAT(broken(build({true, false}), [](Column& c) { c.bools = {1, 2}; }), HasSubstr("row 1"));
  EXPECT_THAT(broken(build({1.5, 2.5}), [](Column& c) { c.reals = {1.5, NAN}; }), HasSubstr("row 1"));
}

TEST(Column, OfADamagedFileIsFollowedNowhereOutside) {
  Column column = build({list({"a"}), list({"b"})});
  column.starts = {0, 9, 2};
  EXPECT_THROW(column.value(0), Error);
  column = build({"a", "b"});
  column.codes = {7, 0};
  EXPECT_THROW(column.value(0), Error);
}

TEST(Attributes, SelectRowsAndLeaveOthersWithoutValues) {
  Attributes attributes;
  attributes.num_rows = 3;
  attributes.columns = {build({"a", Value(), "b"}), build({list({"x"}), list({"x", "y"}), Value()})};
  attributes.columns[1].name = "s";
  const std::vector<int64_t> rows = {2, -1, 1, 0};
  const Attributes selected = attributes.select(rows);
  EXPECT_EQ(selected.num_rows, 4);
  EXPECT_THAT(values_of(selected.columns[0]), ElementsAre("b", Value(), Value(), "a"));
  EXPECT_THAT(values_of(selected.columns[1]), ElementsAre(Value(), Value(), list({"x", "y"}), list({"x"})));
  EXPECT_NO_THROW(selected.validate());
  EXPECT_THAT(selected.names(), ElementsAre("c", "s"));
  EXPECT_EQ(selected.find("s"), &selected.columns[1]);
  EXPECT_EQ(selected.find("t"), nullptr);
}

TEST(Attributes, RefuseTwoColumnsOfOneName) {
  Attributes attributes;
  attributes.num_rows = 1;
  attributes.columns = {build({1}), build({2})};
  EXPECT_THAT(error_of([&] { attributes.validate(); }), HasSubstr("\"c\""));
}

}  // namespace
}  // namespace whitney
