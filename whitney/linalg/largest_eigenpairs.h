#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/linear_map.h"

namespace whitney {

/// How the largest eigenvalues are sought.
struct EigenpairOptions {
  int64_t count = 0;
  /// No eigenvalue is below this.
  double lower_bound = -1;
  /// Rounds end when no |A x - value x| of those wanted is above this share of the largest |value|.
  double tolerance = 1e-4;
  int max_rounds = 50;
  /// Names the random numbers, with the context's seed.
  std::string purpose = "largest eigenpairs";
};

/// Eigenvalues, falling, and orthonormal eigenvectors in the columns of `vectors`, n x min(count, n).
struct Eigenpairs {
  std::vector<double> values;
  Matrix vectors;
  /// The largest |A x - value x| of a pair.
  double residual = 0;
  bool converged = false;
};

/// Computes the algebraically largest eigenpairs of a symmetric matrix by subspace iteration, where each
/// round applies a Chebyshev polynomial that is small between the lower bound and the least eigenvalue in
/// hand and grows fast above (Zhou, Saad, Tiago, Chelikowsky 2006). Each round: about ten products with a
/// block a quarter wider than `count`, and O(n width^2). Memory: four matrices of n x width, and what
/// column_products takes. Residuals below about 1e-6 of the largest value are beyond float32. The same bytes
/// for any number of threads, where the product gives them.
WHITNEY_API Eigenpairs largest_eigenpairs(const Context& context, int64_t n, const DenseProduct& multiply,
                                          const EigenpairOptions& options);

/// Columns that largest_eigenpairs works on.
WHITNEY_API int64_t width_of_eigenpairs(int64_t count, int64_t n);

/// Estimates the largest |eigenvalue| of a sparse matrix without negative entries, symmetric or not, by the
/// growth of the vector of ones under 60 products; never above it for a symmetric one. 0 where a power of the
/// matrix is 0 (a graph without cycles).
WHITNEY_API double estimate_spectral_radius(const Context& context, const SparseView& matrix);

}  // namespace whitney
