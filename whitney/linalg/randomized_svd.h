#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/linear_map.h"

namespace whitney {

/// How the largest singular values are sought.
struct RandomizedSvdOptions {
  int64_t rank = 0;
  /// Rounds of products with A^T and A: each raises the ratios of singular values to their third, fifth, ...
  /// power.
  int num_iterations = 5;
  /// Columns beyond the rank, at least; the width is rounded up to one that products like.
  int64_t oversampling = 10;
  /// False saves V, which costs one more product of tall matrices.
  bool right = true;
  /// Names the random numbers, with the context's seed.
  std::string purpose = "randomized svd";
};

/// A is about U diag(values) V^T: values falling, `rank` of them. What lies beyond the rank of A is 0 in all
/// three.
struct TruncatedSvd {
  Matrix left;  // rows x rank
  std::vector<double> values;
  Matrix right;  // cols x rank, or nothing
};

/// Computes the largest singular values and vectors by subspace iteration from a random start (Halko,
/// Martinsson, Tropp 2011, arXiv 0909.4061, algorithms 4.4 and 5.1). 2 num_iterations + 2 products, and
/// O((rows + cols) width^2) for each round. Memory: two matrices of rows x width and one of cols x width, one
/// more of rows x rank, and 34 MB. The same bytes for any number of threads, where the products give them.
WHITNEY_API TruncatedSvd randomized_svd(const Context& context, const LinearMap& map,
                                        const RandomizedSvdOptions& options);

/// The columns that randomized_svd and largest_eigenpairs work on for a rank: at most `most`.
WHITNEY_API int64_t width_of_search(int64_t rank, int64_t oversampling, int64_t most);

/// A rows x cols matrix of independent numbers, uniform in [-1, 1); row i is a function of (seed, purpose,
/// i). (Signs would do for tall matrices; small square ones of signs are too often singular.)
WHITNEY_API Matrix random_block(const Context& context, const std::string& purpose, int64_t rows,
                                int64_t cols);

}  // namespace whitney
