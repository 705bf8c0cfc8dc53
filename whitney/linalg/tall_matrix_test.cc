#include "whitney/linalg/tall_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/column_products.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

Matrix random_matrix(int64_t rows, int64_t cols, uint64_t item, double scale = 1) {
  Matrix result(rows, cols);
  const std::vector<float> values = random_floats(rows * cols, item, scale);
  std::memcpy(result.mutable_data<float>(), values.data(), values.size() * sizeof(float));
  return result;
}

// The largest |Q^T Q - I|, where columns of 0 are left out.
double distance_from_orthonormal(const Matrix& q) {
  const std::vector<double> gram = column_products(Context(), q);
  const int64_t d = q.cols();
  double largest = 0;
  for (int64_t i = 0; i < d; ++i) {
    for (int64_t j = 0; j < d; ++j) {
      const double own = gram[static_cast<size_t>(i * d + i)];
      const double want = i == j && own != 0 ? 1 : 0;
      largest = std::max(largest, std::abs(gram[static_cast<size_t>(i * d + j)] - want));
    }
  }
  return largest;
}

TEST(TallMatrix, MultipliesRowsBySmallMatrices) {
  Matrix a(2, 3);
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  std::memcpy(a.mutable_data<float>(), values.data(), sizeof(float) * 6);
  const Matrix product = times_small(Context(), a, std::vector<double>{1, 0, 0, 1, 2, -1}, 2);
  EXPECT_EQ(product.row<float>(0)[0], 7);
  EXPECT_EQ(product.row<float>(0)[1], -1);
  EXPECT_EQ(product.row<float>(1)[0], 16);
  EXPECT_EQ(product.row<float>(1)[1], -1);
}

TEST(TallMatrix, GetsOrthonormalColumnsThatSpanTheSame) {
  const Matrix a = random_matrix(500, 21, 1);
  Matrix q = Matrix::copy_of(a);
  EXPECT_EQ(orthonormalize(Context(), q).num_dependent, 0);
  EXPECT_LT(distance_from_orthonormal(q), 1e-6);
  // A = Q Q^T A, column by column.
  const std::vector<double> coefficients = column_products(Context(), q, a);
  const Matrix back = times_small(Context(), q, coefficients, 21);
  for (int64_t i = 0; i < 500; ++i) {
    for (size_t j = 0; j < 21; ++j) EXPECT_NEAR(back.row<float>(i)[j], a.row<float>(i)[j], 2e-5);
  }
}

TEST(TallMatrix, TellsColumnsApartThatFloat32SumsWouldCallEqual) {
  // Columns 1e-4 of their length apart: their Gram matrix differs from ones by 1e-8, below float32.
  Matrix q(400, 6);
  const Matrix base = random_matrix(400, 1, 2), change = random_matrix(400, 6, 3);
  auto* out = q.mutable_data<float>();
  for (int64_t i = 0; i < 400; ++i) {
    for (int64_t j = 0; j < 6; ++j)
      out[i * 6 + j] = base.row<float>(i)[0] + 1e-4F * change.row<float>(i)[static_cast<size_t>(j)];
  }
  const Orthonormalized found = orthonormalize(Context(), q);
  EXPECT_EQ(found.num_dependent, 0);
  EXPECT_LT(found.least_share, 1e-3);
  EXPECT_GT(found.least_share, 1e-5);
  EXPECT_LT(distance_from_orthonormal(q), 1e-6);
}

TEST(TallMatrix, GivesZeroColumnsForThoseThatOthersSpan) {
  Matrix q = random_matrix(90, 5, 4);
  auto* values = q.mutable_data<float>();
  for (int64_t i = 0; i < 90; ++i) {
    values[i * 5 + 2] = 2 * values[i * 5] - values[i * 5 + 1];
    values[i * 5 + 3] = 0;
  }
  EXPECT_EQ(orthonormalize(Context(), q).num_dependent, 2);
  EXPECT_LT(distance_from_orthonormal(q), 1e-6);
  for (int64_t i = 0; i < 90; ++i) {
    EXPECT_EQ(q.row<float>(i)[2], 0);
    EXPECT_EQ(q.row<float>(i)[3], 0);
  }
}

TEST(TallMatrix, GetsEqualBytesWithAnyNumberOfThreads) {
  const Matrix a = random_matrix(3000, 18, 5);
  const auto bytes_with = [&](int threads) {
    Matrix q = Matrix::copy_of(a);
    orthonormalize(with_threads(threads), q);
    return std::vector<float>(q.row<float>(0).data(), q.row<float>(0).data() + 3000 * 18);
  };
  const std::vector<float> one = bytes_with(1);
  EXPECT_EQ(one, bytes_with(2));
  EXPECT_EQ(one, bytes_with(5));
}

TEST(TallMatrix, RefusesValuesThatAreNotFinite) {
  Matrix a = random_matrix(9, 2, 6);
  a.mutable_data<float>()[3] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(orthonormalize(Context(), a), Error);
}

}  // namespace
}  // namespace whitney
