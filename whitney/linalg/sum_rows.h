#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// One term of a weighted sum of matrices: row r counts `weight` times `row_scale`[r] (null: 1).
struct ScaledRows {
  const float* values = nullptr;
  int64_t stride = 0;
  double weight = 1;
  const float* row_scale = nullptr;
};

/// Writes rows [begin, end) of the sum of the terms, of `cols` columns, to those rows of `out`, which may be
/// a term. Terms are added in order, one rounding each (two without fused multiply-add): a sum of some of
/// them that is a term of the rest gives the same bytes.
WHITNEY_API void sum_rows(std::span<const ScaledRows> terms, int64_t begin, int64_t end, int64_t cols,
                          float* out, int64_t stride);

}  // namespace whitney
