#include "whitney/search/attribute_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/search/filter.h"

namespace whitney {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using Rows = std::vector<uint32_t>;

Value list(std::initializer_list<const char*> elements) {
  Value values{Value::List{}};
  for (const char* element : elements) values.push_back(element);
  return values;
}

Column column(std::string name, ColumnType type, const std::vector<Value>& values) {
  ColumnBuilder builder(std::move(name), type);
  for (const Value& value : values) builder.add(value, "test");
  return builder.finish();
}

// Five packages; the last one has no attributes at all.
Attributes packages() {
  const Value none;
  Attributes attributes;
  attributes.num_rows = 5;
  attributes.columns = {
      column("section", ColumnType::kString, {"sound", "games", "sound", "", none}),
      column("size", ColumnType::kInt, {120, 3, 120, 0, none}),
      column("ratio", ColumnType::kReal, {0.5, std::nan(""), -2.0, 3.0, none}),
      column("essential", ColumnType::kBool, {true, false, false, none, none}),
      column("tags", ColumnType::kSet, {list({"x11", "player"}), list({}), list({"player"}), none, none}),
      column("synopsis", ColumnType::kString,
             {"Plays music in a terminal", "A TERMINAL game", "Größe zählt: Terminal-Musik", "…", none}),
      column("released", ColumnType::kDate, {"2026-11-24", "2026-11-24T10:00:00Z", "1969-12-31", none, none}),
  };
  return attributes;
}

AttributeIndex package_index() {
  return AttributeIndex(Ids::strings({"mpv", "chess", "mpg", "7", "größe"}), packages());
}

Rows rows_of(const AttributeIndex& index, std::string_view filter) {
  return index.matches(parse_filter(filter), Context()).rows();
}
Rows rows_of(std::string_view filter) { return rows_of(package_index(), filter); }

std::string error_of(std::string_view filter) {
  try {
    package_index().check(parse_filter(filter));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(AttributeIndex, ComparesStringsByBytes) {
  EXPECT_EQ(rows_of("section = 'sound'"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("section = 'Sound'"), Rows{}) << "case counts";
  EXPECT_EQ(rows_of("section != 'sound'"), (Rows{1, 3}));
  EXPECT_EQ(rows_of("section < 'sound'"), (Rows{1, 3}));
  EXPECT_EQ(rows_of("section <= 'sound'"), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(rows_of("section > ''"), (Rows{0, 1, 2}));
  EXPECT_EQ(rows_of("section >= 'h'"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("section between 'a' and 'games'"), Rows{1});
  EXPECT_EQ(rows_of("section between 'z' and 'a'"), Rows{});
  EXPECT_EQ(rows_of("section in ['', 'games', 'games', 'net']"), (Rows{1, 3}));
}

TEST(AttributeIndex, ComparesIntsWithIntsAndReals) {
  EXPECT_EQ(rows_of("size = 120"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("size = 120.0"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("size = 119.5"), Rows{});
  EXPECT_EQ(rows_of("size != 120"), (Rows{1, 3}));
  EXPECT_EQ(rows_of("size < 3"), Rows{3});
  EXPECT_EQ(rows_of("size < 3.5"), (Rows{1, 3}));
  EXPECT_EQ(rows_of("size <= 3"), (Rows{1, 3}));
  EXPECT_EQ(rows_of("size > 2.5"), (Rows{0, 1, 2}));
  EXPECT_EQ(rows_of("size >= 120"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("size between 0 and 3"), (Rows{1, 3}));
  EXPECT_EQ(rows_of("size in [0, 120, 7]"), (Rows{0, 2, 3}));
  EXPECT_EQ(rows_of("size < 1e300"), (Rows{0, 1, 2, 3}));
}

TEST(AttributeIndex, ComparesIntsBeyondWhatADoubleHoldsExactly) {
  Attributes attributes;
  attributes.num_rows = 3;
  const int64_t two_to_53 = int64_t{1} << 53;
  attributes.columns = {
      column("n", ColumnType::kInt, {two_to_53, two_to_53 + 1, std::numeric_limits<int64_t>::max()})};
  const AttributeIndex index(Ids::row_numbers(3), attributes);
  EXPECT_EQ(rows_of(index, "n = 9007199254740992.0"), Rows{0});
  EXPECT_EQ(rows_of(index, "n > 9007199254740992.0"), (Rows{1, 2}));
  EXPECT_EQ(rows_of(index, "n = 9007199254740993"), Rows{1});
  EXPECT_EQ(rows_of(index, "n < 9223372036854775808"), (Rows{0, 1, 2})) << "2^63, no int64";
}

TEST(AttributeIndex, NanIsNoValue) {
  EXPECT_EQ(rows_of("ratio exists"), (Rows{0, 2, 3}));
  EXPECT_EQ(rows_of("ratio != 3"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("ratio <= 3"), (Rows{0, 2, 3}));
  EXPECT_EQ(rows_of("ratio in [3, 0.5]"), (Rows{0, 3}));
  EXPECT_EQ(rows_of("ratio between -2 and 0.5"), (Rows{0, 2}));
}

TEST(AttributeIndex, ComparesBools) {
  EXPECT_EQ(rows_of("essential = true"), Rows{0});
  EXPECT_EQ(rows_of("essential != true"), (Rows{1, 2}));
  EXPECT_EQ(rows_of("essential in [true, false]"), (Rows{0, 1, 2}));
}

TEST(AttributeIndex, ComparesDates) {
  EXPECT_EQ(rows_of("released = date '2026-11-24'"), Rows{0});
  EXPECT_EQ(rows_of("released > date '2026-11-24'"), Rows{1});
  EXPECT_EQ(rows_of("released < date '1970-01-01'"), Rows{2});
  EXPECT_EQ(rows_of("released between date '2026-11-24' and date '2026-11-24T10:00:00Z'"), (Rows{0, 1}));
  EXPECT_EQ(rows_of("released in [date '1969-12-31']"), Rows{2});
}

TEST(AttributeIndex, SetsContainElements) {
  EXPECT_EQ(rows_of("tags contains 'player'"), (Rows{0, 2}));
  EXPECT_EQ(rows_of("tags contains 'play'"), Rows{}) << "an element is equal as a whole";
  EXPECT_EQ(rows_of("tags exists"), (Rows{0, 1, 2})) << "an empty set is a value";
}

TEST(AttributeIndex, TextsContainAllTheWordsInAnyCaseAndOrder) {
  EXPECT_EQ(rows_of("synopsis contains 'terminal'"), (Rows{0, 1, 2}));
  EXPECT_EQ(rows_of("synopsis contains 'Terminal MUSIC, music'"), Rows{0});
  EXPECT_EQ(rows_of("synopsis contains 'GRÖSSE'"), Rows{}) << "a sharp s is a letter of its own";
  EXPECT_EQ(rows_of("synopsis contains 'GRÖßE'"), Rows{2});
  EXPECT_EQ(rows_of("synopsis contains 'termin'"), Rows{}) << "words are whole";
}

TEST(AttributeIndex, AMissingAttributeSatisfiesNothingButNot) {
  EXPECT_EQ(rows_of("essential = false or essential != false or essential in [true]"), (Rows{0, 1, 2}));
  EXPECT_EQ(rows_of("not essential = true"), (Rows{1, 2, 3, 4}));
  EXPECT_EQ(rows_of("not size exists"), Rows{4});
  EXPECT_EQ(rows_of("not not size exists"), (Rows{0, 1, 2, 3}));
  EXPECT_EQ(rows_of("not (size > 0 or tags contains 'x11')"), (Rows{3, 4}));
}

TEST(AttributeIndex, IdsAreFoundAsStringsAndAsNumbers) {
  EXPECT_EQ(rows_of("id in ['mpg', 'größe', 'unknown', 'mpg']"), (Rows{2, 4}));
  EXPECT_EQ(rows_of("id in [7]"), Rows{3}) << "a string id that looks like a number";
  EXPECT_EQ(rows_of("id != 'mpv'"), (Rows{1, 2, 3, 4}));
  const AttributeIndex numbered(Ids::integers({7, 18'000'000'000'000'000'000U}),
                                {.num_rows = 2, .columns = {}});
  EXPECT_EQ(rows_of(numbered, "id in [7, -7, 8]"), Rows{0});
  EXPECT_EQ(rows_of(numbered, "id in ['7', '07', 'x', '']"), Rows{0});
  EXPECT_EQ(rows_of(numbered, "id = '18000000000000000000'"), Rows{1});
}

TEST(AttributeIndex, GroupsOfNothingAreEveryRowAndNoRow) {
  Filter all, none;
  none.op = Filter::Op::kOr;
  EXPECT_EQ(package_index().matches(all, Context()).size(), 5);
  EXPECT_EQ(package_index().matches(none, Context()).size(), 0);
}

TEST(AttributeIndex, NoRowsMatchNothing) {
  const AttributeIndex empty(Ids::row_numbers(0), packages().select({}));
  EXPECT_EQ(rows_of(empty, "not size = 3"), Rows{});
  EXPECT_EQ(rows_of(empty, "synopsis contains 'a' or size > 0 or tags contains 'x' or id = 3"), Rows{});
}

TEST(AttributeIndex, AnUnknownFieldIsAnsweredByTheNearest) {
  EXPECT_THAT(error_of("secton = 'x'"),
              AllOf(HasSubstr("unknown field \"secton\""), HasSubstr("did you mean \"section\"?")));
  EXPECT_THAT(error_of("zzzzzzzz = 1"), HasSubstr("fields are section, size, ratio"));
  EXPECT_THAT(error_of("size = 1 or not (secton exists)"), HasSubstr("secton")) << "wherever it stands";
  const AttributeIndex bare(Ids::row_numbers(2), {.num_rows = 2, .columns = {}});
  EXPECT_THROW(rows_of(bare, "size = 1"), UsageError);
}

TEST(AttributeIndex, AValueOfAnotherTypeIsRefusedByFieldAndType) {
  EXPECT_THAT(error_of("size = '5'"),
              AllOf(HasSubstr("field \"size\" is an int"), HasSubstr("the string \"5\"")));
  EXPECT_THAT(error_of("ratio > true"), AllOf(HasSubstr("field \"ratio\" is a real"), HasSubstr("true")));
  EXPECT_THAT(error_of("section = 5"),
              AllOf(HasSubstr("field \"section\" is a string"), HasSubstr("write \"5\"")));
  EXPECT_THAT(error_of("section in ['a', 5]"), HasSubstr("the number 5"));
  EXPECT_THAT(error_of("essential = 1"),
              AllOf(HasSubstr("field \"essential\" is a bool"), HasSubstr("true or false")));
  EXPECT_THAT(error_of("essential > false"), HasSubstr("no order"));
  EXPECT_THAT(error_of("released > '2026-11-24'"),
              AllOf(HasSubstr("field \"released\" is a date"), HasSubstr("write date \"2026-11-24\"")));
  EXPECT_THAT(error_of("size between 1 and 'x'"), HasSubstr("field \"size\""));
  EXPECT_THAT(error_of("id in [1.5]"), HasSubstr("ids are strings or whole numbers"));
  EXPECT_THAT(error_of("id = true"), HasSubstr("ids are strings or whole numbers"));
}

TEST(AttributeIndex, EqualityOnASetNamesContains) {
  EXPECT_THAT(error_of("tags = 'x11'"),
              AllOf(HasSubstr("field \"tags\" is a set"), HasSubstr("tags contains \"x11\"")));
  EXPECT_THAT(error_of("tags in ['a', 'b']"), HasSubstr("tags contains \"a\""));
  EXPECT_THAT(error_of("tags < 'x11'"), HasSubstr("contains"));
}

TEST(AttributeIndex, ContainsAsksOnlySetsAndTextsForStrings) {
  EXPECT_THAT(error_of("size contains '5'"),
              AllOf(HasSubstr("field \"size\" is an int"), HasSubstr("use =")));
  EXPECT_THAT(error_of("released contains '2026'"), HasSubstr("field \"released\" is a date"));
  EXPECT_THAT(error_of("tags contains 5"), HasSubstr("write \"5\""));
  EXPECT_THAT(error_of("synopsis contains '…'"), HasSubstr("holds no word"));
}

TEST(AttributeIndex, TheWholeFilterIsCheckedEvenWhereNothingIsLeftToAsk) {
  EXPECT_THROW(rows_of("size = -1 and section = 5"), UsageError);
}

TEST(AttributeIndex, NotANumberIsNoOperand) {
  Filter filter = parse_filter("ratio > 1");
  filter.values = {Value(std::nan(""))};
  EXPECT_THROW(package_index().check(filter), UsageError);
}

TEST(AttributeIndex, TreesDeeperThanAStackAreRefused) {
  Filter filter = parse_filter("size exists");
  for (int i = 0; i < 1'500; ++i) {
    Filter outer;
    outer.op = Filter::Op::kNot;
    outer.children.push_back(std::move(filter));
    filter = std::move(outer);
  }
  EXPECT_THROW(package_index().check(filter), UsageError);
}

TEST(AttributeIndex, ColumnsOfAnotherLengthAreRefused) {
  EXPECT_THROW(AttributeIndex(Ids::row_numbers(4), packages()), Error);
}

TEST(AttributeIndex, ADamagedColumnIsAnErrorWhenItIsFirstAsked) {
  Attributes attributes = packages();
  attributes.columns[0].codes = {0, 1, 99, 0, 0};
  const AttributeIndex index(Ids::row_numbers(5), attributes);
  EXPECT_THROW(rows_of(index, "section = 'sound'"), Error);
  EXPECT_THROW(rows_of(index, "section contains 'sound'"), Error);
  EXPECT_EQ(rows_of(index, "size = 3"), Rows{1}) << "other columns still answer";
}

TEST(AttributeIndex, ManyMayAskAtOnceWhileItIsBuilt) {
  const AttributeIndex index = package_index();
  const char* filters[] = {"section = 'sound'", "size > 100", "tags contains 'player'",
                           "synopsis contains 'a terminal' or id = 'mpg'"};
  Context context;
  context.threads = 4;
  parallel_for(context, 32, [&](int64_t task) {
    const std::string filter = filters[task % 4];
    const Rows expected = task % 4 == 3 ? Rows{0, 1, 2} : Rows{0, 2};
    if (rows_of(index, filter) != expected) fail("another answer to ", filter);
  });
}

}  // namespace
}  // namespace whitney
