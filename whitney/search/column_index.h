#pragma once

#include <memory>

#include "whitney/data/attributes.h"
#include "whitney/search/filter.h"
#include "whitney/search/filter_watch.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// Answers the conditions of filters over one column. Built at the first condition that needs it;
/// thread-safe. A row without a value satisfies none; NaN counts as no value.
class ColumnIndex {
 public:
  explicit ColumnIndex(Column column);
  ~ColumnIndex();

  const Column& column() const { return column_; }
  /// Throws UsageError when the column's type cannot answer the condition: names field, type, and what would
  /// be right. Builds nothing.
  void check(const Filter& condition) const;
  /// Rows that satisfy a condition that was checked. Throws Error when a mapped column is damaged, and what
  /// FilterWatch::check does.
  RowSet matches(const Filter& condition, const FilterWatch& watch) const;

 private:
  struct Parts;
  struct Presence;
  const Presence& presence(const FilterWatch& watch) const;
  RowSet number_matches(const Filter& condition, const FilterWatch& watch) const;
  RowSet bool_matches(const Filter& condition, const FilterWatch& watch) const;
  RowSet string_matches(const Filter& condition, const FilterWatch& watch) const;
  RowSet set_matches(const Filter& condition, const FilterWatch& watch) const;
  RowSet word_matches(const Filter& condition, const FilterWatch& watch) const;

  Column column_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace whitney::search
