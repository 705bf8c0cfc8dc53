#pragma once

#include <memory>

#include "whitney/core/api.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/search/filter.h"
#include "whitney/search/filter_watch.h"
#include "whitney/search/row_set.h"

namespace whitney {

/// Answers filters over the ids and columns of n rows: per column postings of values, sorted numbers, words
/// of texts, each built at the first condition that needs it (in parallel where it counts). Thread-safe. The
/// answer is the same at any number of threads.
class WHITNEY_API AttributeIndex {
 public:
  /// Shares the memory of both. Throws Error when a column does not have as many rows as there are ids.
  AttributeIndex(Ids ids, Attributes attributes);
  ~AttributeIndex();
  AttributeIndex(AttributeIndex&&) noexcept;
  AttributeIndex& operator=(AttributeIndex&&) noexcept;

  /// The rows that satisfy the filter. A row without a value (NaN counts as none) satisfies no condition over
  /// that field, except under `not`. The whole filter is checked before anything is evaluated. Throws
  /// UsageError: an unknown field (with the nearest name), a value of another type than the field's, `=` on a
  /// set, `contains` on a number. Where the watch has a deadline and it passes, throws search::FilterTimeUp:
  /// what was built whole until then is kept for the next filter, what was being built is dropped.
  RowSet matches(const Filter& filter, const search::FilterWatch& watch) const;
  /// Throws what `matches` would, without building or evaluating anything.
  void check(const Filter& filter) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whitney
