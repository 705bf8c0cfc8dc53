#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// The directions of the largest variance of some points.
struct PrincipalComponents {
  std::vector<float> mean;
  /// k x d, orthonormal, by falling variance; of each, the coordinate of the largest magnitude is positive.
  Matrix components;
  /// All d variances, falling.
  std::vector<double> variances;
};

/// Computes the first k components of points (n x d float32), 1 <= k <= d. O(n d^2 + d^3); the same bytes for
/// any number of threads.
WHITNEY_API PrincipalComponents principal_components(const MatrixView& points, int64_t k,
                                                     const Context& context);

/// Eigenvalues, falling, and eigenvectors (row i belongs to value i) of a symmetric n x n matrix, row by row:
/// by Householder's reflections to a tridiagonal one and QL iterations with implicit shifts. O(n^3).
struct SymmetricEigen {
  std::vector<double> values;
  std::vector<double> vectors;
};
WHITNEY_API SymmetricEigen symmetric_eigen(std::vector<double> matrix, int64_t n);

}  // namespace whitney::codec
