#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/search/filter.h"
#include "whitney/search/filter_watch.h"
#include "whitney/search/ordered_rows.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// Compares exactly, also beyond 2^53 where not every integer is a double. NaN is unordered.
std::partial_ordering compare_numbers(int64_t a, double b);

/// The numbers of a column in ascending order with their rows: comparisons become two bisections and a slice.
/// T: int64_t or double.
template <class T>
class SortedNumbers {
 public:
  /// values: one per row; `rows`: the rows that have a number (no NaN), ascending.
  SortedNumbers(std::span<const T> values, std::span<const uint32_t> rows, const FilterWatch& watch);
  /// Rows whose number satisfies a comparison, kIn or kBetween with these operands (ints or reals).
  RowSet matches(Filter::Op op, std::span<const Value> operands) const;

 private:
  using Places = std::pair<int64_t, int64_t>;
  int64_t first_not_below(const Value& operand) const;
  int64_t first_above(const Value& operand) const;
  Places places(Filter::Op op, const Value& operand) const;

  std::vector<T> keys_;
  OrderedRows order_;
};

extern template class SortedNumbers<int64_t>;
extern template class SortedNumbers<double>;

}  // namespace whitney::search
