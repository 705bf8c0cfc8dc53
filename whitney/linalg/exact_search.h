#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/metric.h"

namespace whitney {

/// m x k rows and values, best first. Places that nothing fills hold row -1 and value NaN.
struct Neighbors {
  int64_t num_queries = 0;
  int64_t k = 0;
  std::vector<int64_t> rows;
  /// Scores (cosine, inner product; higher first) or Euclidean distances (l2; lower first).
  std::vector<float> values;
};

/// Computes the k best rows of `base` for each row of `queries`, exactly. queries: m x d, base: n x d.
/// Equal values: the smaller row first. Zero rows under cosine score 0. O(m n d), blocked so that tiles stay
/// in cache. Throws Error when the widths differ.
WHITNEY_API Neighbors exact_search(const MatrixView& queries, const MatrixView& base, int64_t k,
                                   Metric metric, const Context& context);

}  // namespace whitney
