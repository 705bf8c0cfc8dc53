#include "whitney/search/column_index.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/search/built_once.h"
#include "whitney/search/postings.h"
#include "whitney/search/sorted_numbers.h"
#include "whitney/search/word_index.h"

namespace whitney::search {

using Op = Filter::Op;

// Which rows have a value. Making it validates the column, so that the other parts may follow codes and
// starts.
struct ColumnIndex::Presence {
  RowSet set;
  std::vector<uint32_t> rows;
};

struct ColumnIndex::Parts {
  BuiltOnce<Presence> presence;
  BuiltOnce<SortedNumbers<int64_t>> ints;
  BuiltOnce<SortedNumbers<double>> reals;
  BuiltOnce<Postings> postings;
  BuiltOnce<WordIndex> words;
};

namespace {

bool has_value(const Column& column, int64_t row) {
  return column.has(row) && !(column.type == ColumnType::kReal && std::isnan(column.reals[row]));
}

std::unique_ptr<const Postings> build_postings(const Column& column, std::span<const uint32_t> rows,
                                               int64_t num_keys, const FilterWatch& watch) {
  const auto keys_of = [&](uint32_t row) -> std::span<const uint32_t> {
    if (column.type == ColumnType::kSet) return column.set_codes(row);
    return column.codes.span().subspan(row, 1);
  };
  std::vector<uint64_t> starts(static_cast<size_t>(num_keys) + 1, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    watch.check_at(i);
    for (const uint32_t key : keys_of(rows[i])) ++starts[key + 1];
  }
  for (size_t key = 0; key + 1 < starts.size(); ++key) starts[key + 1] += starts[key];
  std::vector<uint64_t> next(starts.begin(), starts.end() - 1);
  std::vector<uint32_t> listed(starts.back());
  for (size_t i = 0; i < rows.size(); ++i) {
    watch.check_at(i);
    for (const uint32_t key : keys_of(rows[i])) listed[next[key]++] = rows[i];
  }
  return std::make_unique<const Postings>(column.num_rows(), std::move(starts), std::move(listed), watch);
}

std::unique_ptr<const Postings> build_bool_postings(const Column& column, std::span<const uint32_t> rows,
                                                    const FilterWatch& watch) {
  std::vector<uint32_t> listed;
  std::vector<uint64_t> starts{0};
  for (const bool wanted : {false, true}) {
    watch.check();
    for (const uint32_t row : rows) {
      if ((column.bools[row] != 0) == wanted) listed.push_back(row);
    }
    starts.push_back(listed.size());
  }
  return std::make_unique<const Postings>(column.num_rows(), std::move(starts), std::move(listed), watch);
}

// The first code whose string is not below (or, with `above`, is above) the text.
int64_t first_code(const Column& column, std::string_view text, bool above) {
  int64_t low = 0, high = column.dictionary_size();
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const std::string_view entry = column.dictionary_entry(middle);
    if (entry < text || (above && entry == text)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Codes of the strings that an order condition admits.
std::pair<int64_t, int64_t> code_range(const Column& column, const Filter& condition) {
  const std::string& text = condition.values[0].as_string();
  switch (condition.op) {
    case Op::kLess:
      return {0, first_code(column, text, false)};
    case Op::kLessEqual:
      return {0, first_code(column, text, true)};
    case Op::kGreater:
      return {first_code(column, text, true), column.dictionary_size()};
    case Op::kGreaterEqual:
      return {first_code(column, text, false), column.dictionary_size()};
    default:
      return {first_code(column, text, false), first_code(column, condition.values[1].as_string(), true)};
  }
}

}  // namespace

ColumnIndex::ColumnIndex(Column column) : column_(std::move(column)), parts_(std::make_unique<Parts>()) {}
ColumnIndex::~ColumnIndex() = default;

const ColumnIndex::Presence& ColumnIndex::presence(const FilterWatch& watch) const {
  return parts_->presence.get(watch, [&] {
    if (column_.type != ColumnType::kReal) column_.validate(column_.num_rows());
    auto presence = std::make_unique<Presence>();
    for (int64_t row = 0; row < column_.num_rows(); ++row) {
      watch.check_at(static_cast<size_t>(row));
      if (has_value(column_, row)) presence->rows.push_back(static_cast<uint32_t>(row));
    }
    const bool is_full = std::ssize(presence->rows) == column_.num_rows();
    presence->set =
        is_full ? RowSet::range(0, static_cast<uint32_t>(column_.num_rows())) : RowSet::of(presence->rows);
    return presence;
  });
}

RowSet ColumnIndex::matches(const Filter& condition, const FilterWatch& watch) const {
  if (condition.op == Op::kExists) return presence(watch).set;
  switch (column_.type) {
    case ColumnType::kInt:
    case ColumnType::kDate:
    case ColumnType::kReal:
      return number_matches(condition, watch);
    case ColumnType::kBool:
      return bool_matches(condition, watch);
    case ColumnType::kString:
      return string_matches(condition, watch);
    case ColumnType::kSet:
      return set_matches(condition, watch);
  }
  WHITNEY_CHECK(false, "a column of an unknown type");
  return {};
}

RowSet ColumnIndex::number_matches(const Filter& condition, const FilterWatch& watch) const {
  if (column_.type == ColumnType::kReal) {
    const auto& numbers = parts_->reals.get(watch, [&] {
      return std::make_unique<const SortedNumbers<double>>(column_.reals.span(), presence(watch).rows, watch);
    });
    return numbers.matches(condition.op, condition.values);
  }
  const auto& numbers = parts_->ints.get(watch, [&] {
    return std::make_unique<const SortedNumbers<int64_t>>(column_.ints.span(), presence(watch).rows, watch);
  });
  if (column_.type == ColumnType::kInt) return numbers.matches(condition.op, condition.values);
  std::vector<Value> microseconds;
  for (const Value& operand : condition.values) microseconds.emplace_back(*date_of(operand));
  return numbers.matches(condition.op, microseconds);
}

RowSet ColumnIndex::bool_matches(const Filter& condition, const FilterWatch& watch) const {
  const Postings& postings =
      parts_->postings.get(watch, [&] { return build_bool_postings(column_, presence(watch).rows, watch); });
  if (condition.op == Op::kNotEqual) return postings.of(condition.values[0].as_bool() ? 0 : 1);
  RowSet result;
  for (const Value& operand : condition.values) result = result | postings.of(operand.as_bool() ? 1 : 0);
  return result;
}

RowSet ColumnIndex::string_matches(const Filter& condition, const FilterWatch& watch) const {
  if (condition.op == Op::kContains) return word_matches(condition, watch);
  const Postings& postings = parts_->postings.get(
      watch, [&] { return build_postings(column_, presence(watch).rows, column_.dictionary_size(), watch); });
  if (condition.op == Op::kEqual || condition.op == Op::kNotEqual || condition.op == Op::kIn) {
    std::vector<int64_t> codes;
    for (const Value& operand : condition.values) {
      if (const auto code = column_.find_code(operand.as_string())) codes.push_back(*code);
    }
    const RowSet equal = postings.of_any(codes);
    return condition.op == Op::kNotEqual ? presence(watch).set - equal : equal;
  }
  const auto [begin, end] = code_range(column_, condition);
  return postings.of_range(begin, end);
}

RowSet ColumnIndex::set_matches(const Filter& condition, const FilterWatch& watch) const {
  const Postings& postings = parts_->postings.get(
      watch, [&] { return build_postings(column_, presence(watch).rows, column_.dictionary_size(), watch); });
  const auto code = column_.find_code(condition.values[0].as_string());
  return code ? postings.of(*code) : RowSet();
}

RowSet ColumnIndex::word_matches(const Filter& condition, const FilterWatch& watch) const {
  const WordIndex& words = parts_->words.get(
      watch, [&] { return std::make_unique<const WordIndex>(column_, presence(watch).rows, watch); });
  return words.with_all(words_of(condition.values[0].as_string()));
}

}  // namespace whitney::search
