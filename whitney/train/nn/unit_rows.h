#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "whitney/core/context.h"
#include "whitney/train/nn/inner_product.h"
#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// Rows of shorter vectors are divided by this: those of zeros stay so.
inline constexpr double kLeastLength = 1e-12;

/// What a row is multiplied with to have length 1.
template <class T>
T unit_factor(const T* row, int64_t n) {
  return T(1) / std::max(std::sqrt(inner_product(row, row, n)), T(kLeastLength));
}

/// Adds to `to` what the gradient g of a row's unit vector o gives to the row: (g - <g, o> o) / length.
template <class T>
void add_unit_gradient(T factor, const T* g, const T* o, int64_t n, T* to) {
  const T along = factor < T(1 / kLeastLength) ? inner_product(g, o, n) : T(0);
  for (int64_t c = 0; c < n; ++c) to[c] += factor * (g[c] - along * o[c]);
}

/// Rows (n x d, float32 or float64) of length 1. One pass forwards and one back on the processor; elsewhere
/// unit_rows_by_torch.
torch::Tensor unit_rows(const torch::Tensor& rows, const Context& context);

/// The same by torch's operations, on any device.
torch::Tensor unit_rows_by_torch(const torch::Tensor& rows);

}  // namespace whitney::nn
