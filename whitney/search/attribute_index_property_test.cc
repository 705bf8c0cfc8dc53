// Filters over random tables against a reading of the same tables row by row.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/search/attribute_index.h"
#include "whitney/search/filter.h"

namespace whitney {
namespace {

using Op = Filter::Op;
using Rows = std::vector<uint32_t>;

// A row as people think of it. Words of the text stand beside it in lower case, by construction.
struct PlainRow {
  std::string id;
  std::optional<int64_t> size, released;
  std::optional<double> ratio;
  std::optional<bool> essential;
  std::optional<std::string> section, synopsis;
  std::optional<std::set<std::string>> tags;
  std::set<std::string> words;
};

struct PlainTable {
  std::vector<PlainRow> rows;
  bool has_integer_ids = false;
};

const std::vector<std::pair<std::string, std::string>> kWords = {
    {"sound", "sound"}, {"SOUND", "sound"},   {"Plays", "plays"},   {"mp3", "mp3"},   {"Größe", "größe"},
    {"GRÖßE", "größe"}, {"МУЗЫКА", "музыка"}, {"музыка", "музыка"}, {"音楽", "音楽"}, {"x", "x"}};
const std::vector<std::string> kSeparators = {" ", ", ", "-", "_", "…", "\n", " 😀 "};
const std::vector<std::string> kSections = {
    "", "a", "ab", "b", "sound", "Sound", "größe", "\xF0\x9F\x98\x80", "\x01", "ä", std::string("a\0b", 3)};
const std::vector<int64_t> kInts = {0,
                                    1,
                                    -1,
                                    2,
                                    3,
                                    120,
                                    9007199254740992,
                                    9007199254740993,
                                    std::numeric_limits<int64_t>::min(),
                                    std::numeric_limits<int64_t>::max()};
const std::vector<double> kReals = {0.0,
                                    -0.0,
                                    0.5,
                                    2.0,
                                    3.0,
                                    -1.0,
                                    1e300,
                                    9007199254740992.0,
                                    9223372036854775808.0,
                                    -9223372036854775808.0,
                                    std::numeric_limits<double>::denorm_min()};
const std::vector<int64_t> kDates = {
    0, -1, 1, 86'400'000'000, 1'795'478'400'000'000, -62'167'219'200'000'000};

template <class T>
const T& pick(const std::vector<T>& from, RandomStream& random) {
  return from[random.below(from.size())];
}

PlainRow any_row(int64_t number, int64_t one_in_missing, RandomStream& random) {
  const auto present = [&] { return random.below(static_cast<uint64_t>(one_in_missing)) != 0; };
  PlainRow row;
  row.id = std::to_string(3 * number);
  if (present())
    row.size = random.below(2) == 0 ? pick(kInts, random) : static_cast<int64_t>(random.below(50)) - 5;
  if (present()) row.released = pick(kDates, random);
  if (present()) row.ratio = random.below(8) == 0 ? std::nan("") : pick(kReals, random);
  if (present()) row.essential = random.below(4) == 0;
  if (present()) row.section = pick(kSections, random);
  if (present()) {
    row.synopsis = "";
    for (uint64_t left = random.below(5); left > 0; --left) {
      const auto& [shown, word] = pick(kWords, random);
      *row.synopsis += pick(kSeparators, random) + shown;
      row.words.insert(word);
    }
  }
  if (present()) {
    row.tags.emplace();
    for (uint64_t left = random.below(4); left > 0; --left) row.tags->insert(pick(kSections, random));
  }
  return row;
}

PlainTable any_table(int64_t num_rows, RandomStream& random) {
  PlainTable table;
  table.has_integer_ids = random.below(2) == 0;
  const auto one_in_missing = static_cast<int64_t>(2 + random.below(20));
  for (int64_t r = 0; r < num_rows; ++r) table.rows.push_back(any_row(r, one_in_missing, random));
  return table;
}

AttributeIndex index_of(const PlainTable& table) {
  ColumnBuilder size("size", ColumnType::kInt), released("released", ColumnType::kDate);
  ColumnBuilder ratio("ratio", ColumnType::kReal), essential("essential", ColumnType::kBool);
  ColumnBuilder section("section", ColumnType::kString), synopsis("synopsis", ColumnType::kString);
  ColumnBuilder tags("tags", ColumnType::kSet);
  std::vector<uint64_t> integers;
  std::vector<std::string> strings;
  for (const PlainRow& row : table.rows) {
    integers.push_back(std::stoull(row.id));
    strings.push_back(row.id);
    row.size ? size.add_int(*row.size, "") : size.add_missing();
    row.released ? released.add_string(date_text(*row.released), "") : released.add_missing();
    row.ratio ? ratio.add_real(*row.ratio, "") : ratio.add_missing();
    row.essential ? essential.add_bool(*row.essential, "") : essential.add_missing();
    row.section ? section.add_string(*row.section, "") : section.add_missing();
    row.synopsis ? synopsis.add_string(*row.synopsis, "") : synopsis.add_missing();
    if (row.tags) {
      tags.add_set(std::vector<std::string_view>(row.tags->begin(), row.tags->end()), "");
    } else {
      tags.add_missing();
    }
  }
  Attributes attributes;
  attributes.num_rows = std::ssize(table.rows);
  for (ColumnBuilder* builder : {&size, &released, &ratio, &essential, &section, &synopsis, &tags}) {
    attributes.columns.push_back(builder->finish());
  }
  return {table.has_integer_ids ? Ids::integers(Array<uint64_t>::copy_of(integers)) : Ids::strings(strings),
          std::move(attributes)};
}

// ---- random filters ----

Filter condition(Op op, std::string field, std::vector<Value> values) {
  Filter filter;
  filter.op = op;
  filter.field = std::move(field);
  filter.values = std::move(values);
  return filter;
}

Value any_operand(const std::string& field, RandomStream& random) {
  if (field == "size" || field == "ratio") {
    return random.below(2) == 0 ? Value(pick(kInts, random)) : Value(pick(kReals, random));
  }
  if (field == "released") return date_operand(pick(kDates, random));
  if (field == "essential") return random.below(2) == 0;
  return random.below(8) == 0 ? "unknown" : pick(kSections, random);
}

std::string any_words(RandomStream& random) {
  std::string text = pick(kWords, random).first;
  for (uint64_t left = random.below(3); left > 0; --left)
    text += pick(kSeparators, random) + pick(kWords, random).first;
  return random.below(10) == 0 ? text + " unknown" : text;
}

Filter any_condition(RandomStream& random) {
  static const std::vector<std::string> kFields = {"size",      "released", "ratio",
                                                   "essential", "section",  "tags"};
  std::vector<Value> operands;
  switch (random.below(8)) {
    case 0:
      return condition(Op::kContains, "synopsis", {any_words(random)});
    case 1:
      return condition(Op::kContains, "tags", {any_operand("tags", random)});
    case 2:
      return condition(Op::kExists, pick(kFields, random), {});
    case 3:
      for (uint64_t left = 1 + random.below(5); left > 0; --left) {
        const auto id = static_cast<int64_t>(random.below(400)) - 2;
        operands.push_back(random.below(2) == 0 ? Value(id) : Value(std::to_string(id)));
      }
      return condition(Op::kIdIn, "", operands);
    default:
      break;
  }
  const std::string field = kFields[random.below(5)];
  static const std::vector<Op> kEqualities = {Op::kEqual, Op::kNotEqual, Op::kIn};
  static const std::vector<Op> kOrders = {Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual,
                                          Op::kBetween};
  const Op op = pick(field == "essential" || random.below(2) == 0 ? kEqualities : kOrders, random);
  const uint64_t count = op == Op::kBetween ? 2 : op == Op::kIn ? 1 + random.below(6) : 1;
  for (uint64_t i = 0; i < count; ++i) operands.push_back(any_operand(field, random));
  return condition(op, field, operands);
}

Filter any_filter(int depth, RandomStream& random) {
  if (depth == 0 || random.below(3) == 0) return any_condition(random);
  Filter filter;
  filter.op = pick<Op>({Op::kAnd, Op::kOr, Op::kNot}, random);
  const uint64_t count = filter.op == Op::kNot ? 1 : 2 + random.below(3);
  for (uint64_t i = 0; i < count; ++i) filter.children.push_back(any_filter(depth - 1, random));
  return filter;
}

// ---- the reference: one row and one condition at a time ----

// Every int64 and every double is a long double of x86.
std::optional<long double> number(const PlainRow& row, const std::string& field) {
  if (field == "size" && row.size) return *row.size;
  if (field == "released" && row.released) return *row.released;
  if (field == "essential" && row.essential) return *row.essential ? 1 : 0;
  if (field == "ratio" && row.ratio && !std::isnan(*row.ratio)) return *row.ratio;
  return std::nullopt;
}

long double number(const Value& operand) {
  if (const auto date = date_of(operand)) return *date;
  if (operand.is_bool()) return operand.as_bool() ? 1 : 0;
  return operand.is_int() ? static_cast<long double>(operand.as_int()) : operand.as_real();
}

template <class T>
bool compares(Op op, const T& value, const std::vector<T>& operands) {
  switch (op) {
    case Op::kEqual:
      return value == operands[0];
    case Op::kNotEqual:
      return value != operands[0];
    case Op::kLess:
      return value < operands[0];
    case Op::kLessEqual:
      return value <= operands[0];
    case Op::kGreater:
      return value > operands[0];
    case Op::kGreaterEqual:
      return value >= operands[0];
    case Op::kBetween:
      return operands[0] <= value && value <= operands[1];
    default:
      return std::find(operands.begin(), operands.end(), value) != operands.end();
  }
}

bool holds_words(const PlainRow& row, const std::string& asked) {
  if (!row.synopsis) return false;
  std::string rest = asked;
  if (rest.ends_with(" unknown")) return false;
  // Takes the longest known word at each place away; what is left over are separators.
  for (const auto& [shown, word] : kWords) {
    for (size_t at = rest.find(shown); at != std::string::npos; at = rest.find(shown)) {
      if (!row.words.contains(word)) return false;
      rest.erase(at, shown.size());
    }
  }
  return true;
}

bool satisfies(const PlainRow& row, const Filter& filter) {
  const auto child_holds = [&](const Filter& child) { return satisfies(row, child); };
  switch (filter.op) {
    case Op::kAnd:
      return std::all_of(filter.children.begin(), filter.children.end(), child_holds);
    case Op::kOr:
      return std::any_of(filter.children.begin(), filter.children.end(), child_holds);
    case Op::kNot:
      return !child_holds(filter.children[0]);
    case Op::kIdIn:
      return std::any_of(filter.values.begin(), filter.values.end(), [&](const Value& id) {
        return row.id == (id.is_int() ? std::to_string(id.as_int()) : id.as_string());
      });
    default:
      break;
  }
  if (filter.field == "synopsis") return holds_words(row, filter.values[0].as_string());
  if (filter.field == "tags") {
    return row.tags && (filter.op == Op::kExists || row.tags->contains(filter.values[0].as_string()));
  }
  if (filter.field == "section") {
    if (!row.section || filter.op == Op::kExists) return row.section.has_value();
    std::vector<std::string> operands;
    for (const Value& operand : filter.values) operands.push_back(operand.as_string());
    return compares(filter.op, *row.section, operands);
  }
  const auto value = number(row, filter.field);
  if (!value || filter.op == Op::kExists) return value.has_value();
  std::vector<long double> operands;
  for (const Value& operand : filter.values) operands.push_back(number(operand));
  return compares(filter.op, *value, operands);
}

Rows reference(const PlainTable& table, const Filter& filter) {
  Rows rows;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    if (satisfies(table.rows[r], filter)) rows.push_back(static_cast<uint32_t>(r));
  }
  return rows;
}

// ---- the properties ----

RC_GTEST_PROP(AttributeIndexProperty, MatchesAreTheRowsThatSatisfyTheFilterOneByOne, ()) {
  const auto num_rows = *rc::gen::element<int64_t>(0, 1, 2, 7, 63, 64, 65, 130, 400);
  RandomStream random(*rc::gen::arbitrary<uint64_t>(), "table", 0);
  const PlainTable table = any_table(num_rows, random);
  const AttributeIndex index = index_of(table);
  for (int i = 0; i < 20; ++i) {
    const Filter filter = any_filter(3, random);
    RC_LOG() << filter.to_text() << "\n";
    RC_ASSERT(index.matches(filter, Context()).rows() == reference(table, filter));
  }
}

RC_GTEST_PROP(AttributeIndexProperty, AFilterAndItsTextMatchTheSameRows, ()) {
  RandomStream random(*rc::gen::arbitrary<uint64_t>(), "table", 0);
  const AttributeIndex index = index_of(any_table(50, random));
  for (int i = 0; i < 10; ++i) {
    const Filter filter = any_filter(3, random);
    const Filter read = parse_filter(filter.to_text());
    RC_ASSERT(read == filter);
    RC_ASSERT(index.matches(read, Context()) == index.matches(filter, Context()));
  }
}

// Enough rows that numbers are sorted in several blocks and ranges are cut from checkpoints.
TEST(AttributeIndexOfManyRows, AnswersAreEqualAtAnyNumberOfThreadsAndAsOneByOne) {
  constexpr int64_t kNumRows = 150'000;
  RandomStream random(7, "numbers", 0);
  ColumnBuilder ints("n", ColumnType::kInt), reals("x", ColumnType::kReal);
  std::vector<int64_t> n;
  std::vector<double> x;
  for (int64_t r = 0; r < kNumRows; ++r) {
    n.push_back(static_cast<int64_t>(random.below(70'000)));
    x.push_back(random.uniform());
    ints.add_int(n.back(), "");
    reals.add_real(x.back(), "");
  }
  Attributes attributes{.num_rows = kNumRows, .columns = {}};
  attributes.columns.push_back(ints.finish());
  attributes.columns.push_back(reals.finish());
  const auto expect = [&](std::string_view text, const auto& holds) {
    Rows expected;
    for (int64_t r = 0; r < kNumRows; ++r) {
      if (holds(n[static_cast<size_t>(r)], x[static_cast<size_t>(r)]))
        expected.push_back(static_cast<uint32_t>(r));
    }
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      const AttributeIndex index(Ids::row_numbers(kNumRows), attributes);
      EXPECT_EQ(index.matches(parse_filter(text), context).rows(), expected)
          << text << " on " << threads << " threads";
    }
  };
  expect("n between 1000 and 30000", [](int64_t i, double) { return i >= 1000 && i <= 30000; });
  expect("n in [5, 6, 69999] or x < 0.001",
         [](int64_t i, double v) { return i == 5 || i == 6 || i == 69999 || v < 0.001; });
  expect("x >= 0.25 and not n < 35000", [](int64_t i, double v) { return v >= 0.25 && i >= 35000; });
}

}  // namespace
}  // namespace whitney
