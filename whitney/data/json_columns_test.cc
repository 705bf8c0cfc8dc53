#include "whitney/data/json_columns.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::data {
namespace {

const std::vector<std::string> kNames = {"a", "b"};

JsonRow row(int64_t line, std::vector<std::pair<uint32_t, Value>> fields) {
  JsonRow result;
  result.line = line;
  result.fields = std::move(fields);
  return result;
}

std::string values_of(const Column& column) {
  Value::List values;
  for (int64_t i = 0; i < column.num_rows(); ++i) values.push_back(column.value(i));
  return Value(std::move(values)).to_json();
}

TEST(JsonColumns, FillsRowsThatLackAField) {
  JsonColumns columns("t.jsonl");
  columns.add(row(1, {{0, 1}}), kNames);
  columns.add(row(2, {}), kNames);
  columns.add(row(4, {{1, "x"}, {0, 0.5}}), kNames);  // makes `a` real
  columns.add(row(5, {}), kNames);
  const Attributes attributes = columns.finish({});
  ASSERT_EQ(attributes.names(), kNames);
  EXPECT_EQ(values_of(attributes.columns[0]), "[1.0,null,0.5,null]");
  EXPECT_EQ(values_of(attributes.columns[1]), R"([null,null,"x",null])");
}

TEST(JsonColumns, LeavesAFieldOutForAllRows) {
  JsonColumns columns("t.jsonl");
  columns.add(row(1, {{0, "text"}, {1, true}}), kNames);
  columns.add(row(2, {{0, Value::List{Value::List{}}}, {1, false}}), kNames);
  columns.add(row(3, {{0, 7}, {1, true}}), kNames);  // of another type, and of no use
  const Attributes attributes = columns.finish({});
  EXPECT_EQ(attributes.num_rows, 3);
  EXPECT_EQ(attributes.names(), std::vector<std::string>{"b"});
}

TEST(JsonColumns, NamesFileAndLineOfAMixture) {
  JsonColumns columns("t.jsonl");
  columns.add(row(1, {{0, 1}}), kNames);
  const std::string error = error_of([&] { columns.add(row(3, {{0, "x"}}), kNames); });
  EXPECT_NE(error.find("t.jsonl:3: column \"a\" holds \"x\""), std::string::npos) << error;
}

}  // namespace
}  // namespace whitney::data
