#pragma once

#include <cstdint>

#include "whitney/core/array.h"
#include "whitney/core/context.h"

namespace whitney::infer {

enum class NormKind : uint8_t {
  kLayer,  // (x - mean) / sqrt(variance + epsilon), the variance with divisor n
  kRms     // x / sqrt(mean of squares + epsilon)
};

/// A norm over the coordinates of each row, then times `weight`, plus `bias` where there is one.
struct Norm {
  NormKind kind = NormKind::kLayer;
  Array<float> weight;
  Array<float> bias;  // may be empty
  float epsilon = 1e-5f;

  int64_t dim() const { return weight.size(); }
};

/// Computes out = norm(x) row by row, rows packed; `out` may be x. A row's result depends on the row and the
/// SIMD level only. Before weight and bias it is within 4 units in the last place of the row's largest
/// result up to width 4,096 (32 at the level scalar, which adds one by one).
void normalize_rows(const Context& context, const Norm& norm, int64_t rows, const float* x, float* out);

}  // namespace whitney::infer
