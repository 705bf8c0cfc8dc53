#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// The average precision of rows ranked by score, best first: the sum over the distinct scores of the recall
/// that rows of this score add times the precision down to them, as scikit-learn's average_precision_score.
/// Sorted once, then counted for any weights of the rows in O(n): resamples.
class WHITNEY_API AveragePrecision {
 public:
  /// scores and relevant (0 or 1): one for each of n rows.
  AveragePrecision(std::span<const float> scores, std::span<const uint8_t> relevant);

  /// The value when row i counts weights[i] times; NaN when no relevant row counts.
  double value(std::span<const int64_t> weights) const;
  /// The value when each row counts once.
  double value() const;

 private:
  struct Ranked {
    uint32_t row;
    bool relevant;
    /// The next row has a lower score.
    bool ends_score;
  };
  std::vector<Ranked> ranking_;
};

}  // namespace whitney::eval
