#include "whitney/search/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/data/attributes.h"

namespace whitney {
namespace {

using Op = Filter::Op;
using testing::HasSubstr;

Filter condition(Op op, std::string field, std::vector<Value> values = {}) {
  Filter filter;
  filter.op = op;
  filter.field = std::move(field);
  filter.values = std::move(values);
  return filter;
}

Filter group(Op op, std::vector<Filter> children) {
  Filter filter;
  filter.op = op;
  filter.children = std::move(children);
  return filter;
}

Filter equals(std::string field, Value value) {
  return condition(Op::kEqual, std::move(field), {std::move(value)});
}

std::string error_of(std::string_view text) {
  try {
    parse_filter(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(FilterLanguage, ReadsEachComparison) {
  EXPECT_EQ(parse_filter("a = 1"), equals("a", 1));
  EXPECT_EQ(parse_filter("a != 1"), condition(Op::kNotEqual, "a", {1}));
  EXPECT_EQ(parse_filter("a < 1"), condition(Op::kLess, "a", {1}));
  EXPECT_EQ(parse_filter("a <= 1"), condition(Op::kLessEqual, "a", {1}));
  EXPECT_EQ(parse_filter("a > 1"), condition(Op::kGreater, "a", {1}));
  EXPECT_EQ(parse_filter("a>=1"), condition(Op::kGreaterEqual, "a", {1}));
  EXPECT_EQ(parse_filter("a in [1, 2]"), condition(Op::kIn, "a", {1, 2}));
  EXPECT_EQ(parse_filter("a between 1 and 2"), condition(Op::kBetween, "a", {1, 2}));
  EXPECT_EQ(parse_filter("a contains 'x'"), condition(Op::kContains, "a", {"x"}));
  EXPECT_EQ(parse_filter("a exists"), condition(Op::kExists, "a"));
  EXPECT_EQ(parse_filter("id in ['x', 7]"), condition(Op::kIdIn, "", {"x", 7}));
}

TEST(FilterLanguage, AndBindsTighterThanOrAndNotTightest) {
  const Filter a = equals("a", 1), b = equals("b", 2), c = equals("c", 3);
  EXPECT_EQ(parse_filter("a = 1 or b = 2 and c = 3"), group(Op::kOr, {a, group(Op::kAnd, {b, c})}));
  EXPECT_EQ(parse_filter("(a = 1 or b = 2) and c = 3"), group(Op::kAnd, {group(Op::kOr, {a, b}), c}));
  EXPECT_EQ(parse_filter("not a = 1 and b = 2"), group(Op::kAnd, {group(Op::kNot, {a}), b}));
  EXPECT_EQ(parse_filter("not (a = 1 and b = 2)"), group(Op::kNot, {group(Op::kAnd, {a, b})}));
  EXPECT_EQ(parse_filter("a = 1 and b = 2 and c = 3"), group(Op::kAnd, {a, b, c}));
}

TEST(FilterLanguage, BetweenTakesItsOwnAnd) {
  EXPECT_EQ(parse_filter("a between 1 and 2 and b = 2"),
            group(Op::kAnd, {condition(Op::kBetween, "a", {1, 2}), equals("b", 2)}));
}

TEST(FilterLanguage, KeywordsComeInAnyCase) {
  EXPECT_EQ(parse_filter("a IN [TRUE, False] Or NOT b ExIsTs AND ID in ['x']"),
            group(Op::kOr, {condition(Op::kIn, "a", {true, false}),
                            group(Op::kAnd, {group(Op::kNot, {condition(Op::kExists, "b")}),
                                             condition(Op::kIdIn, "", {"x"})})}));
  EXPECT_EQ(parse_filter("Section = 'x'").field, "Section") << "fields keep their case";
}

TEST(FilterLanguage, BackquotesHoldAnyField) {
  EXPECT_EQ(parse_filter("`installed size (kB)` = 1"), equals("installed size (kB)", 1));
  EXPECT_EQ(parse_filter("`a``b` = 1"), equals("a`b", 1));
  EXPECT_EQ(parse_filter("`or` = 1"), equals("or", 1));
  EXPECT_EQ(parse_filter("`id` = 1"), equals("id", 1)) << "an attribute, not the row's id";
  EXPECT_EQ(parse_filter("größe.x-y_2 = 1"), equals("größe.x-y_2", 1));
}

TEST(FilterLanguage, DateIsAFieldWhereAFieldIsDue) {
  EXPECT_EQ(parse_filter("date >= date '1970-01-02'"),
            condition(Op::kGreaterEqual, "date", {date_operand(86'400'000'000)}));
}

TEST(FilterLanguage, IdTakesEqualityToo) {
  EXPECT_EQ(parse_filter("id = 'x'"), condition(Op::kIdIn, "", {"x"}));
  EXPECT_EQ(parse_filter("id != 'x'"), group(Op::kNot, {condition(Op::kIdIn, "", {"x"})}));
}

TEST(FilterLanguage, StringsHaveEscapes) {
  EXPECT_EQ(parse_filter(R"(a = "x\"y\\z\n\t\u00e4\uD83D\uDE00")"), equals("a", "x\"y\\z\n\tä😀"));
  EXPECT_EQ(parse_filter(R"(a = 'it\'s "so"')"), equals("a", "it's \"so\""));
  EXPECT_EQ(parse_filter("a = ''"), equals("a", ""));
}

TEST(FilterLanguage, NumbersAreIntsOrReals) {
  EXPECT_EQ(parse_filter("a = -3"), equals("a", -3));
  EXPECT_EQ(parse_filter("a = +3"), equals("a", 3));
  EXPECT_EQ(parse_filter("a = 2.0"), equals("a", 2.0));
  EXPECT_EQ(parse_filter("a = -1.5e-3"), equals("a", -0.0015));
  EXPECT_EQ(parse_filter("a = .5"), equals("a", 0.5));
  EXPECT_EQ(parse_filter("a = -9223372036854775808"), equals("a", std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(parse_filter("a = 9223372036854775808"), equals("a", 9223372036854775808.0))
      << "beyond 64 bits: a real";
}

TEST(FilterLanguage, DatesAreMicrosecondsSince1970) {
  EXPECT_EQ(parse_filter("a = date \"1970-01-01\""), equals("a", date_operand(0)));
  EXPECT_EQ(parse_filter("a = date '1970-01-01T00:00:01Z'"), equals("a", date_operand(1'000'000)));
}

TEST(FilterLanguage, ErrorsNameThePositionAndWhatIsExpected) {
  EXPECT_EQ(error_of("section = "),
            "filter, character 11: expected a value: a string in quotes, a number, true, false or a date, "
            "found the end");
  EXPECT_THAT(error_of("section = sound"), HasSubstr("character 11"));
  EXPECT_THAT(error_of("section = sound"), HasSubstr("did you mean the string \"sound\"?"));
  EXPECT_THAT(error_of(""), HasSubstr("character 1: expected a field"));
  EXPECT_THAT(error_of("a = 1 b = 2"),
              HasSubstr("character 7: expected \"and\", \"or\" or the end, found \"b\""));
  EXPECT_THAT(error_of("(a = 1"), HasSubstr("character 7: expected \"and\", \"or\" or \")\", found the end"));
  EXPECT_THAT(error_of("a 1"),
              HasSubstr("character 3: expected =, !=, <, <=, >, >=, in, between, contains or exists"));
  EXPECT_THAT(error_of("a in 1"), HasSubstr("character 6: expected \"[\", found the number 1"));
  EXPECT_THAT(error_of("a in []"), HasSubstr("character 7: expected a value"));
  EXPECT_THAT(error_of("a in [1 2]"), HasSubstr("character 9: expected \",\" or \"]\""));
  EXPECT_THAT(error_of("a between 1 or 2"), HasSubstr("character 13: expected \"and\" between the two ends"));
  EXPECT_THAT(error_of("a = date 5"), HasSubstr("character 10: expected a date in quotes"));
  EXPECT_THAT(error_of("a = date '2026-02-30'"), HasSubstr("character 10: expected a date such as"));
  EXPECT_THAT(error_of("and = 1"), HasSubstr("a field of that name stands in backquotes"));
  EXPECT_THAT(error_of("'a' = 1"), HasSubstr("a field stands without quotes"));
  EXPECT_THAT(error_of("id < 'x'"), HasSubstr("character 4: expected in, = or != after id"));
}

TEST(FilterLanguage, PositionsCountCharactersNotBytes) {
  EXPECT_THAT(error_of("größe = 'ä' ?"), HasSubstr("character 13: unexpected character \"?\""));
}

TEST(FilterLanguage, SaysHowOtherLanguagesAreWrittenHere) {
  EXPECT_THAT(error_of("a == 1"), HasSubstr("equality is \"=\""));
  EXPECT_THAT(error_of("a <> 1"), HasSubstr("inequality is \"!=\""));
  EXPECT_THAT(error_of("a = 1 && b = 2"), HasSubstr("write \"and\""));
  EXPECT_THAT(error_of("a not in [1]"), HasSubstr("not a in"));
}

TEST(FilterLanguage, RefusesBrokenTokens) {
  EXPECT_THAT(error_of("a = 'x"), HasSubstr("character 5: the string that begins here has no closing '"));
  EXPECT_THAT(error_of("`a = 1"),
              HasSubstr("character 1: the field that begins here has no closing backquote"));
  EXPECT_THAT(error_of(R"(a = "\q")"), HasSubstr("character 6: unknown escape"));
  EXPECT_THAT(error_of(R"(a = "\u12g4")"), HasSubstr("four hexadecimal digits"));
  EXPECT_THAT(error_of(R"(a = "\ud800")"), HasSubstr("surrogate"));
  EXPECT_THAT(error_of(R"(a = "\ud800\u0041")"), HasSubstr("surrogate"));
  EXPECT_THAT(error_of("a = 12abc"), HasSubstr("\"12abc\" is not a number"));
  EXPECT_THAT(error_of("12abc = 1"), HasSubstr("character 1: \"12abc\" is not a number"));
  EXPECT_THAT(error_of("a = 1.2.3"), HasSubstr("\"1.2.3\" is not a number"));
  EXPECT_THAT(error_of("a = 1e999"), HasSubstr("out of the range"));
  EXPECT_THAT(error_of(std::string_view("a = 1 \0", 7)), HasSubstr("character with the code 0"));
}

TEST(FilterLanguage, NestingIsBounded) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '(') + "a = 1" +
           std::string(static_cast<size_t>(depth), ')');
  };
  EXPECT_EQ(parse_filter(nested(kMaxFilterDepth)), equals("a", 1));
  EXPECT_THAT(error_of(nested(kMaxFilterDepth + 1)), HasSubstr("200 levels"));
  EXPECT_THAT(error_of(nested(1'000'000)), HasSubstr("200 levels"));
  std::string negations;
  for (int i = 0; i < 100'000; ++i) negations += "not ";
  EXPECT_THAT(error_of(negations + "a = 1"), HasSubstr("200 levels"));
}

TEST(FilterText, IsCanonical) {
  EXPECT_EQ(parse_filter(" A='x'AND(not(b in[1,2.50])OR id='q') ").to_text(),
            "A = \"x\" and (not b in [1, 2.5] or id in [\"q\"])");
  EXPECT_EQ(parse_filter("(a = 1 and b = 2) or `or` exists").to_text(), "a = 1 and b = 2 or `or` exists");
  EXPECT_EQ(parse_filter("d between date '2026-11-24T00:00:00Z' and date '2026-11-24T10:00:00Z'").to_text(),
            "d between date \"2026-11-24\" and date \"2026-11-24T10:00:00Z\"");
  EXPECT_EQ(parse_filter("a = 3.0").to_text(), "a = 3.0") << "a real stays a real";
}

TEST(FilterText, GroupsKeepTheirNesting) {
  const Filter a = equals("a", 1), b = equals("b", 2), c = equals("c", 3);
  EXPECT_EQ(group(Op::kAnd, {a, group(Op::kAnd, {b, c})}).to_text(), "a = 1 and (b = 2 and c = 3)");
  EXPECT_EQ(group(Op::kNot, {group(Op::kNot, {a})}).to_text(), "not (not a = 1)");
}

Value any_operand() {
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return *rc::gen::arbitrary<bool>();
    case 1:
      return *rc::gen::arbitrary<int64_t>();
    case 2:
      return *rc::gen::arbitrary<double>();
    case 3:  // years 0000 to 9999, what a date can be written as
      return date_operand(*rc::gen::inRange<int64_t>(-62'167'219'200'000'000, 253'402'300'800'000'000));
    default:
      return *rc::gen::arbitrary<std::string>();
  }
}

std::vector<Value> any_operands(int low, int high) {
  std::vector<Value> operands;
  for (int i = *rc::gen::inRange(low, high); i > 0; --i) operands.push_back(any_operand());
  return operands;
}

std::string any_field() {
  const auto known =
      *rc::gen::element<std::string>("section", "id", "Date", "OR", "a b", "größe", "x`y", "in", "_1.a-b");
  return *rc::gen::arbitrary<bool>() ? known : *rc::gen::arbitrary<std::string>();
}

Filter any_tree(int depth) {
  if (depth > 0 && *rc::gen::inRange(0, 5) < 3) {
    const Op op = *rc::gen::element(Op::kAnd, Op::kOr, Op::kNot);
    std::vector<Filter> children;
    const int count = op == Op::kNot ? 1 : *rc::gen::inRange(2, 5);
    for (int i = 0; i < count; ++i) children.push_back(any_tree(depth - 1));
    return group(op, std::move(children));
  }
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return condition(Op::kIdIn, "", any_operands(1, 4));
    case 1:
      return condition(Op::kIn, any_field(), any_operands(1, 4));
    case 2:
      return condition(Op::kBetween, any_field(), any_operands(2, 3));
    case 3:
      return condition(Op::kExists, any_field());
    default:
      break;
  }
  const Op op = *rc::gen::element(Op::kEqual, Op::kNotEqual, Op::kLess, Op::kLessEqual, Op::kGreater,
                                  Op::kGreaterEqual, Op::kContains);
  return condition(op, any_field(), any_operands(1, 2));
}

RC_GTEST_PROP(FilterText, AnyTreeParsesBackToItself, ()) {
  const Filter tree = any_tree(5);
  const std::string text = tree.to_text();
  RC_LOG() << text;
  RC_ASSERT(parse_filter(text) == tree);
}

RC_GTEST_PROP(FilterLanguage, AnyTextParsesOrSaysWhere, (const std::vector<uint8_t>& pieces)) {
  static const std::vector<std::string> kPieces = {
      "and ", "or ",      "not ",    "(",     ")",   "a ",   "= ", "1 ", "'x' ", "in ", "[",        "]",
      ",",    "between ", "exists ", "date ", "id ", "`b` ", "< ", "!",  "\\",   "\"",  "contains "};
  std::string text;
  for (const uint8_t piece : pieces) text += kPieces[piece % kPieces.size()];
  try {
    const Filter filter = parse_filter(text);
    RC_ASSERT(parse_filter(filter.to_text()) == filter);
  } catch (const UsageError& error) {
    RC_ASSERT(std::string(error.what()).starts_with("filter, character "));
  }
}

}  // namespace
}  // namespace whitney
