#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney {

/// Singular values, falling, and vectors of an m x n matrix, A = U diag(values) V^T, k = min(m, n) of each.
struct SmallSvd {
  std::vector<double> values;
  /// U, m x k, and V, n x k, row by row, columns orthonormal also where singular values are 0.
  std::vector<double> left, right;
};

/// Decomposes a matrix of a few thousand rows and columns at most, given row by row, on this thread, in
/// float64. O(m n k). Throws Error when a value is not finite.
WHITNEY_API SmallSvd small_svd(std::span<const double> matrix, int64_t rows, int64_t cols);

/// Eigenvalues, falling, and eigenvectors of a symmetric n x n matrix: column j of `vectors` (n x n, row by
/// row) belongs to value j.
struct SmallEigen {
  std::vector<double> values;
  std::vector<double> vectors;
};

/// Decomposes a small symmetric matrix, of which the lower triangle is read, as small_svd does. O(n^3).
WHITNEY_API SmallEigen small_symmetric_eigen(std::span<const double> matrix, int64_t n);

}  // namespace whitney
