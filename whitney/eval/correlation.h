#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Computes Pearson's correlation of two columns, in double; NaN where one is constant or there are fewer
/// than 2 values.
WHITNEY_API double pearson(std::span<const double> a, std::span<const double> b);

/// The same where value i stands `times[i]` >= 0 times: the correlation of a resample.
WHITNEY_API double pearson(std::span<const double> a, std::span<const double> b,
                           std::span<const int64_t> times);

/// The ranks of a column's values, and of resamples of it. Sorts once, so that each resample takes O(n).
class WHITNEY_API ValueRanks {
 public:
  /// Values must not be NaN. O(n log n).
  explicit ValueRanks(std::span<const double> values);

  /// Ranks from 1; equal values have the mean of their ranks.
  std::vector<double> ranks() const;
  /// Ranks in the column where value i stands `times[i]` times.
  void ranks(std::span<const int64_t> times, std::span<double> out) const;

 private:
  /// Rows in ascending order of their values, and where each run of equal values begins (and the end).
  std::vector<int64_t> order_, run_starts_;
};

/// Computes Spearman's correlation: Pearson's of the ranks, equal values sharing their mean rank.
WHITNEY_API double spearman(std::span<const double> a, std::span<const double> b);

}  // namespace whitney::eval
