#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/array.h"

namespace whitney::recommend {

/// Solves (G + R^T R + ridge I) x = R^T 1 for one row of a half step of least squares: G symmetric, R the n
/// vectors of what the row was seen with. One thread; the same bytes at a SIMD level, whatever was solved
/// before.
class SpdSolver {
 public:
  explicit SpdSolver(int64_t dim);
  /// Exactly, by Cholesky decomposition: n d^2 / 2 + d^3 / 6 multiplications. gram: d x d.
  void solve(std::span<const float> gram, std::span<const float* const> rows, float ridge, float* x);
  /// By so many steps of conjugate gradients from x: 2 n d + d^2 a step, n of them at most each.
  void approach(std::span<const float> gram, std::span<const float* const> rows, float ridge, int steps,
                float* x);

 private:
  void pack(std::span<const float> gram, std::span<const float* const> rows);
  int64_t dim_, width_;
  /// dim_ rows of width_ values: G, then the matrix, then its factor.
  Array<float> matrix_;
  const float* packed_gram_ = nullptr;
  Array<float> gram_;
  std::vector<float> rows_, x_, state_;
};

}  // namespace whitney::recommend
