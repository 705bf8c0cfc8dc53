#pragma once

#include <memory>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/search/filter.h"
#include "whitney/search/row_set.h"

namespace whitney {

/// Answers filters over the columns of n rows: per column postings of values, sorted numbers, words of texts,
/// built at the first use of the column. Thread-safe.
class WHITNEY_API AttributeIndex {
 public:
  AttributeIndex(Ids ids, Attributes attributes);
  ~AttributeIndex();
  AttributeIndex(AttributeIndex&&) noexcept;
  AttributeIndex& operator=(AttributeIndex&&) noexcept;

  /// The rows that satisfy the filter. Throws UsageError: an unknown field (with the nearest name), a value
  /// of another type than the field's, `=` on a set, `contains` on a number.
  RowSet matches(const Filter& filter, const Context& context) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace whitney
