#include "whitney/core/value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "whitney/core/error_of.h"

namespace whitney {
namespace {

TEST(Value, WritesJsonInTheOrderOfItsKeys) {
  const Value value = Value::object({{"b", 1}, {"a", Value::List{true, Value(), "x\n\"y\""}}, {"c", 0.1}});
  EXPECT_EQ(value.to_json(), R"({"b":1,"a":[true,null,"x\n\"y\""],"c":0.1})");
}

TEST(Value, IndentsForPeople) {
  EXPECT_EQ(Value::object({{"a", 1}, {"b", Value::object()}}).to_json(2), "{\n  \"a\": 1,\n  \"b\": {}\n}");
}

TEST(Value, KeepsRealsReal) {
  EXPECT_EQ(Value(3.0).to_json(), "3.0");
  EXPECT_EQ(Value::parse_json("3.0", "t"), Value(3.0));
  EXPECT_EQ(Value::parse_json("3", "t"), Value(3));
  EXPECT_EQ(Value(std::numeric_limits<double>::infinity()).to_json(), "null");
}

TEST(Value, NamesWhereTheTextIsNotJson) {
  try {
    Value::parse_json("{\"a\": }", "table.jsonl:17");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("table.jsonl:17"), std::string::npos);
  }
}

TEST(Value, RefusesRepeatedKeys) { EXPECT_THROW(Value::parse_json(R"({"a":1,"b":2,"a":3})", "t"), Error); }

TEST(Value, ReadsAnObjectOfManyKeysQuickly) {
  // Quadratic look-ups in 200,000 keys would take minutes; the time limit of a test is the judge.
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":1";
  EXPECT_EQ(Value::parse_json(text + "}", "t").as_object().size(), 200000u);
}

TEST(Value, RefusesTheWrongKind) {
  EXPECT_THROW(Value("x").as_int(), Error);
  EXPECT_THROW(Value(1).at("key"), Error);
  EXPECT_EQ(Value(2).as_real(), 2.0);
  EXPECT_EQ(Value(2).find("key"), nullptr);
}

TEST(Value, ReplacesAMember) {
  Value value;
  value.set("a", 1).set("b", 2).set("a", 3);
  EXPECT_EQ(value.to_json(), R"({"a":3,"b":2})");
}

RC_GTEST_PROP(Value, ReadsBackEveryFiniteReal, (double real)) {
  RC_PRE(std::isfinite(real));
  RC_ASSERT(Value::parse_json(Value(real).to_json(), "t") == Value(real));
}

RC_GTEST_PROP(Value, ReadsBackEveryInteger, (int64_t integer)) {
  RC_ASSERT(Value::parse_json(Value(integer).to_json(), "t") == Value(integer));
}

RC_GTEST_PROP(Value, ReadsBackEveryText, (std::vector<uint16_t> units)) {
  std::string text;
  for (const uint16_t unit : units) text += static_cast<char>(unit % 128);
  RC_ASSERT(Value::parse_json(Value(text).to_json(), "t") == Value(text));
}

TEST(Value, ShowsTheBeginningOfALongOne) {
  Value value = Value::object();
  for (int i = 0; i < 1000; ++i) value.set(concat("\u00e9", i), Value(i));
  const std::string sentence = error_of([&] { (void)value.at("merges"); });
  EXPECT_TRUE(sentence.starts_with("the key \"merges\" is missing in {\"\u00e90\":0,")) << sentence;
  EXPECT_TRUE(sentence.ends_with(" ...")) << sentence;
  EXPECT_LT(sentence.size(), 260);
}

}  // namespace
}  // namespace whitney
