#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bench/python_peer.h"
#include "whitney/data/attributes.h"
#include "whitney/search/filter.h"
#include "whitney/search/row_set.h"

namespace whitney::bench {

/// Filters evaluated by numpy and pyarrow over the same columns, in a Python of its own
/// (filter_eval_bench_peer.py).
class FilterPeer {
 public:
  /// Writes the columns to a temporary folder and starts Python over them. Where it cannot be started, says
  /// so on stderr and is not there.
  explicit FilterPeer(const Attributes& attributes);
  ~FilterPeer();
  FilterPeer(const FilterPeer&) = delete;
  FilterPeer& operator=(const FilterPeer&) = delete;

  bool is_there() const { return python_->is_there(); }
  const std::string& versions() const { return python_->versions(); }
  /// Makes it the filter to measure and compares the rows. Tells whether numpy and whether pyarrow can answer
  /// it; throws Error where an answer differs from `rows`.
  std::pair<bool, bool> check(const Filter& filter, const RowSet& rows);
  /// Seconds that one evaluation of that filter takes, the mean of `repeats`.
  double seconds(std::string_view by, int repeats);

 private:
  std::string folder_;
  std::unique_ptr<PythonPeer> python_;
};

}  // namespace whitney::bench
