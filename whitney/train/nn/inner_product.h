#pragma once

#include <cstdint>
#include <numeric>

#include "whitney/linalg/distance.h"

namespace whitney::nn {

/// <a, b> of n values, in an order that depends on n and the SIMD level alone; of float64, in which gradients
/// are checked, one after the other.
inline float inner_product(const float* a, const float* b, int64_t n) {
  return distance(Kernel::kInnerProduct, a, b, n);
}
inline double inner_product(const double* a, const double* b, int64_t n) {
  return std::inner_product(a, a + n, b, 0.0);
}

}  // namespace whitney::nn
