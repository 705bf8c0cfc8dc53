#include "whitney/linalg/randomized_svd.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/linalg/column_products.h"
#include "whitney/linalg/small_decompositions.h"
#include "whitney/linalg/tall_matrix.h"

namespace whitney {
namespace {

/// An orthonormal basis (rows x width) of about what the largest singular vectors span.
Matrix find_range(const Context& context, const LinearMap& map, const RandomizedSvdOptions& options,
                  int64_t width) {
  Matrix right = random_block(context, options.purpose, map.cols, width);
  Matrix left(map.rows, width);
  map.multiply(right, left.mutable_data<float>());
  // Where one product takes columns so close together, the square of A would lose some in float32.
  constexpr double kSteep = 1e-2;
  bool steep = false;
  for (int i = 0; i < options.num_iterations; ++i) {
    context.advance("singular vectors", i, options.num_iterations, "rounds");
    context.check_cancelled();
    steep = orthonormalize(context, left, 1).least_share < kSteep || steep;
    map.multiply_transposed(left, right.mutable_data<float>());
    if (steep) orthonormalize(context, right, 1);
    map.multiply(right, left.mutable_data<float>());
  }
  orthonormalize(context, left);
  return left;
}

/// The first k columns of a w x w matrix, column j times factors[j]; columns beyond w are 0.
std::vector<double> first_columns(const std::vector<double>& matrix, int64_t w, int64_t k,
                                  const std::vector<double>& factors) {
  std::vector<double> result(static_cast<size_t>(w * k));
  for (int64_t i = 0; i < w; ++i) {
    for (int64_t j = 0; j < std::min(w, k); ++j)
      result[static_cast<size_t>(i * k + j)] =
          matrix[static_cast<size_t>(i * w + j)] * factors[static_cast<size_t>(j)];
  }
  return result;
}

}  // namespace

int64_t width_of_search(int64_t rank, int64_t oversampling, int64_t most) {
  constexpr int64_t kLanes = 16;
  return std::min((rank + oversampling + kLanes - 1) / kLanes * kLanes, most);
}

Matrix random_block(const Context& context, const std::string& purpose, int64_t rows, int64_t cols) {
  Matrix result(rows, cols);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, rows, 256, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RandomStream random(context.seed, purpose, static_cast<uint64_t>(i));
      for (int64_t j = 0; j < cols; ++j)
        values[i * cols + j] = static_cast<float>(random.next_u32() >> 8) * 0x1p-23F - 1.0F;
    }
  });
  return result;
}

TruncatedSvd randomized_svd(const Context& context, const LinearMap& map,
                            const RandomizedSvdOptions& options) {
  const int64_t k = options.rank;
  const int64_t width = width_of_search(k, options.oversampling, std::min(map.rows, map.cols));
  TruncatedSvd result{Matrix::zeros(map.rows, k), std::vector<double>(static_cast<size_t>(k)), {}};
  if (options.right) result.right = Matrix::zeros(map.cols, k);
  if (width == 0 || k == 0) return result;
  const Matrix basis = find_range(context, map, options, width);
  Matrix projected(map.cols, width);  // (Q^T A)^T
  map.multiply_transposed(basis, projected.mutable_data<float>());
  // Q^T A = W S V^T: W and S^2 are the eigenvectors and eigenvalues of its Gram matrix.
  const SmallEigen eigen = small_symmetric_eigen(column_products(context, projected), width);
  std::vector<double> ones(static_cast<size_t>(width)), inverses(ones);
  // Below, a value is float32's rounding of the largest.
  constexpr double kNoise = 1e-7;
  const double largest = std::sqrt(std::max(eigen.values[0], 0.0));
  for (size_t j = 0; j < ones.size(); ++j) {
    const double value = std::sqrt(std::max(eigen.values[j], 0.0));
    if (value <= kNoise * largest) break;
    ones[j] = 1;
    inverses[j] = 1 / value;
    if (std::ssize(result.values) > static_cast<int64_t>(j)) result.values[j] = value;
  }
  result.left = times_small(context, basis, first_columns(eigen.vectors, width, k, ones), k);
  if (options.right)
    result.right = times_small(context, projected, first_columns(eigen.vectors, width, k, inverses), k);
  return result;
}

}  // namespace whitney
