#include "whitney/search/attribute_index.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/nearest_name.h"
#include "whitney/search/column_index.h"
#include "whitney/search/postings.h"

namespace whitney {
namespace {

using Op = Filter::Op;

// Trees made by programs may be deeper than the language's, within what a stack holds.
constexpr int kMostDepth = 5 * kMaxFilterDepth;

void check_id_operand(const Value& operand) {
  if (operand.is_string() || operand.is_int()) return;
  throw UsageError(concat("filter: id cannot be compared with ", operand_text(operand),
                          "; ids are strings or whole numbers (larger ones than 2^63 - 1 in quotes)"));
}

}  // namespace

struct AttributeIndex::State {
  State(Ids the_ids, Attributes attributes);

  void check(const Filter& filter, int depth) const;
  RowSet matches(const Filter& filter, const search::FilterWatch& watch) const;
  RowSet all_of(const std::vector<Filter>& children, const search::FilterWatch& watch) const;
  RowSet with_ids(const std::vector<Value>& operands, const search::FilterWatch& watch) const;
  const search::ColumnIndex* find(const std::string& field) const;
  [[noreturn]] void fail_unknown(const std::string& field) const;

  Ids ids;
  RowSet all;
  std::vector<std::string> names;
  std::vector<std::unique_ptr<search::ColumnIndex>> columns;
  std::unordered_map<std::string, size_t> places;
};

AttributeIndex::State::State(Ids the_ids, Attributes attributes)
    : ids(std::move(the_ids)), names(attributes.names()) {
  all = RowSet::range(0, static_cast<uint32_t>(ids.size()));
  for (Column& column : attributes.columns) {
    column.check_shapes(ids.size());
    places.try_emplace(column.name, columns.size());
    columns.push_back(std::make_unique<search::ColumnIndex>(std::move(column)));
  }
}

const search::ColumnIndex* AttributeIndex::State::find(const std::string& field) const {
  const auto found = places.find(field);
  return found == places.end() ? nullptr : columns[found->second].get();
}

void AttributeIndex::State::fail_unknown(const std::string& field) const {
  std::string tail = did_you_mean(field, names);
  if (names.empty()) {
    tail = "; there are no attributes (index --attributes adds them)";
  } else if (tail.empty()) {
    constexpr size_t kMost = 12;
    tail = names.size() == 1 ? "; the only field is " : "; fields are ";
    for (size_t i = 0; i < std::min(kMost, names.size()); ++i) tail += (i > 0 ? ", " : "") + names[i];
    if (names.size() > kMost) tail += concat(" and ", names.size() - kMost, " more");
  }
  throw UsageError(concat("filter: unknown field \"", field, "\"", tail));
}

void AttributeIndex::State::check(const Filter& filter, int depth) const {
  if (depth > kMostDepth) throw UsageError(concat("filter: more than ", kMostDepth, " levels of nesting"));
  switch (filter.op) {
    case Op::kNot:
      WHITNEY_CHECK(filter.children.size() == 1, "a not with ", filter.children.size(), " children");
      [[fallthrough]];
    case Op::kAnd:
    case Op::kOr:
      for (const Filter& child : filter.children) check(child, depth + 1);
      return;
    case Op::kIdIn:
      for (const Value& operand : filter.values) check_id_operand(operand);
      return;
    default:
      break;
  }
  const search::ColumnIndex* column = find(filter.field);
  if (column == nullptr) fail_unknown(filter.field);
  column->check(filter);
}

RowSet AttributeIndex::State::matches(const Filter& filter, const search::FilterWatch& watch) const {
  switch (filter.op) {
    case Op::kAnd:
      return all_of(filter.children, watch);
    case Op::kNot:
      return all - matches(filter.children[0], watch);
    case Op::kIdIn:
      return with_ids(filter.values, watch);
    case Op::kOr: {
      RowSet any;
      for (const Filter& child : filter.children) {
        watch.check();
        any = any | matches(child, watch);
      }
      return any;
    }
    default:
      return find(filter.field)->matches(filter, watch);
  }
}

// Small sets first; `not X` is a difference, which needs no complement.
RowSet AttributeIndex::State::all_of(const std::vector<Filter>& children,
                                     const search::FilterWatch& watch) const {
  std::vector<std::pair<int64_t, RowSet>> sets;
  for (const Filter& child : children) {
    if (child.op == Op::kNot) continue;
    watch.check();
    RowSet set = matches(child, watch);
    const int64_t size = set.size();
    sets.emplace_back(size, std::move(set));
  }
  std::stable_sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  RowSet result = sets.empty() ? all : sets[0].second;  // a copy shares
  for (size_t i = 1; i < sets.size() && !result.empty(); ++i) result = result & sets[i].second;
  for (const Filter& child : children) {
    if (result.empty()) return result;
    if (child.op == Op::kNot) result = result - matches(child.children[0], watch);
  }
  return result;
}

RowSet AttributeIndex::State::with_ids(const std::vector<Value>& operands,
                                       const search::FilterWatch& watch) const {
  std::vector<uint32_t> rows;
  for (size_t i = 0; i < operands.size(); ++i) {
    watch.check_at(i);
    const Value& operand = operands[i];
    const auto row = ids.find(operand.is_string() ? operand.as_string() : operand_text(operand));
    if (row) rows.push_back(static_cast<uint32_t>(*row));
  }
  return search::set_of_rows(rows, ids.size());
}

AttributeIndex::AttributeIndex(Ids ids, Attributes attributes)
    : state_(std::make_unique<State>(std::move(ids), std::move(attributes))) {}
AttributeIndex::~AttributeIndex() = default;
AttributeIndex::AttributeIndex(AttributeIndex&&) noexcept = default;
AttributeIndex& AttributeIndex::operator=(AttributeIndex&&) noexcept = default;

void AttributeIndex::check(const Filter& filter) const { state_->check(filter, 0); }

RowSet AttributeIndex::matches(const Filter& filter, const search::FilterWatch& watch) const {
  check(filter);
  watch.check();
  return state_->matches(filter, watch);
}

}  // namespace whitney
