#include "whitney/linalg/tall_matrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/column_products.h"
#include "whitney/linalg/dense_weights.h"

namespace whitney {
namespace {

constexpr int64_t kRowBlock = 384;  // of the dense kernel's liking

/// W^T (k x d), packed for products with rows of width d.
DenseWeights packed(std::span<const double> w, int64_t d, int64_t k) {
  Matrix transposed(k, d);
  float* out = transposed.mutable_data<float>();
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < d; ++j) out[i * d + j] = static_cast<float>(w[static_cast<size_t>(j * k + i)]);
  }
  return DenseWeights(transposed);
}

/// Upper triangular R with R^T R = the given Gram matrix, in its place. A column that those before it span
/// gets a zero row.
Orthonormalized cholesky(std::vector<double>& gram, int64_t d) {
  // Float32 rounds a column by 2^-24 of its length: what is left of it by less is noise. (Squares.)
  constexpr double kNoise = 1e-12;
  Orthonormalized result;
  std::vector<double> lengths(static_cast<size_t>(d));
  for (int64_t i = 0; i < d; ++i) lengths[static_cast<size_t>(i)] = gram[static_cast<size_t>(i * d + i)];
  for (int64_t i = 0; i < d; ++i) {
    double* row = gram.data() + i * d;
    std::fill(row, row + i, 0.0);
    const double length = lengths[static_cast<size_t>(i)], left = row[i];
    if (!std::isfinite(length)) fail("cannot orthonormalise columns with values that are not finite");
    if (!(left > kNoise * length)) {
      std::fill(row + i, row + d, 0.0);
      ++result.num_dependent;
      continue;
    }
    result.least_share = std::min(result.least_share, std::sqrt(left / length));
    const double scale = 1 / std::sqrt(left);
    for (int64_t j = i; j < d; ++j) row[j] *= scale;
    for (int64_t k = i + 1; k < d; ++k) {
      double* below = gram.data() + k * d;
      const double factor = row[k];
      for (int64_t j = k; j < d; ++j) below[j] -= factor * row[j];
    }
  }
  return result;
}

/// R^-1 of an upper triangular matrix; rows and columns of a zero pivot are 0.
std::vector<double> inverse_of(const std::vector<double>& r, int64_t d) {
  std::vector<double> inverse(r.size());
  for (int64_t i = d - 1; i >= 0; --i) {
    const double* from = r.data() + i * d;
    double* row = inverse.data() + i * d;
    if (from[i] == 0) continue;
    for (int64_t k = i + 1; k < d; ++k) {
      const double* below = inverse.data() + k * d;
      const double factor = from[k];
      for (int64_t j = k; j < d; ++j) row[j] -= factor * below[j];
    }
    const double scale = 1 / from[i];
    row[i] = 1;
    for (int64_t j = i; j < d; ++j) row[j] *= scale;
  }
  return inverse;
}

}  // namespace

Matrix times_small(const Context& context, const MatrixView& a, std::span<const double> w, int64_t k) {
  WHITNEY_CHECK(std::ssize(w) == a.cols * k, w.size(), " values of ", a.cols, " x ", k);
  Matrix result(a.rows, k);
  if (a.rows > 0 && k > 0) packed(w, a.cols, k).multiply(context, a, result.mutable_data<float>(), k);
  return result;
}

Orthonormalized orthonormalize(const Context& context, Matrix& a, int num_passes) {
  const int64_t d = a.cols();
  Orthonormalized result;
  for (int pass = 0; pass < num_passes; ++pass) {
    std::vector<double> gram = column_products(context, a);
    const Orthonormalized found = cholesky(gram, d);
    if (pass == 0) result = found;
    const DenseWeights weights = packed(inverse_of(gram, d), d, d);
    float* values = a.mutable_data<float>();
    const MatrixView view = a;
    parallel_blocks(context, a.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
      std::vector<float> rows(static_cast<size_t>((end - begin) * d));
      weights.multiply_on_this_thread(view.slice(begin, end), rows.data(), d);
      std::memcpy(values + begin * d, rows.data(), rows.size() * sizeof(float));
    });
  }
  return result;
}

}  // namespace whitney
