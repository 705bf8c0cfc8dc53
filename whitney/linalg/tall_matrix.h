#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// Computes A W, n x k, where a (n x d float32) is tall and W small: d x k float64, row by row. A row of the
/// result depends only on that row, on W and on the SIMD level.
WHITNEY_API Matrix times_small(const Context& context, const MatrixView& a, std::span<const double> w,
                               int64_t k);

/// What orthonormalize found.
struct Orthonormalized {
  /// Columns that earlier ones span up to float32's rounding; they became 0.
  int64_t num_dependent = 0;
  /// The least share of a column's length that the columns before it do not span (dependent ones left out).
  double least_share = 1;
};

/// Replaces the columns of `a` (n x d float32, packed) by an orthonormal basis of what they span, the first
/// ones first, by Cholesky-QR: A R^-1 with A^T A = R^T R in float64. One pass leaves columns as independent
/// as float32 has them; the second makes them orthonormal to 1e-6 (Yamamoto, Nakatsukasa, Yanagisawa, Fukaya
/// 2015). O(n d^2) time, in place but for one R and what column_products takes; the same bytes for any number
/// of threads. Throws Error when a value is not finite.
WHITNEY_API Orthonormalized orthonormalize(const Context& context, Matrix& a, int num_passes = 2);

}  // namespace whitney
