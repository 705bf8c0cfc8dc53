#include "whitney/codec/principal_components.h"

#include <gtest/gtest.h>

#include "whitney/codec/codec_cases_test.h"

namespace whitney::codec {
namespace {

// Eigenvalue equations hold and vectors are orthonormal, within `tolerance` of the largest value.
void expect_eigen(const std::vector<double>& matrix, int64_t n) {
  const SymmetricEigen eigen = symmetric_eigen(matrix, n);
  const auto at = [n](int64_t i, int64_t j) { return static_cast<size_t>(i * n + j); };
  double size = 1e-300;
  for (const double value : matrix) size = std::max(size, std::abs(value));
  for (int64_t k = 0; k < n; ++k) {
    if (k > 0) {
      EXPECT_GE(eigen.values[static_cast<size_t>(k - 1)], eigen.values[static_cast<size_t>(k)]);
    }
    for (int64_t i = 0; i < n; ++i) {
      double product = 0, between = 0;
      for (int64_t j = 0; j < n; ++j) {
        product += matrix[at(i, j)] * eigen.vectors[at(k, j)];
        between += eigen.vectors[at(k, j)] * eigen.vectors[at(i, j)];
      }
      EXPECT_NEAR(product, eigen.values[static_cast<size_t>(k)] * eigen.vectors[at(k, i)],
                  1e-12 * size * static_cast<double>(n));
      EXPECT_NEAR(between, i == k ? 1 : 0, 1e-12 * static_cast<double>(n));
    }
  }
}

TEST(SymmetricEigen, IsComputedByHand) {
  // [[2, 1], [1, 2]]: 3 along (1, 1), 1 along (1, -1).
  const SymmetricEigen eigen = symmetric_eigen({2, 1, 1, 2}, 2);
  EXPECT_NEAR(eigen.values[0], 3, 1e-14);
  EXPECT_NEAR(eigen.values[1], 1, 1e-14);
  EXPECT_NEAR(eigen.vectors[0], eigen.vectors[1], 1e-14);
}

TEST(SymmetricEigen, HoldsForDenseDiagonalRepeatedAndZeroMatrices) {
  expect_eigen({7}, 1);
  expect_eigen({1, 0, 0, 0, 3, 0, 0, 0, 2}, 3);
  expect_eigen(std::vector<double>(25, 0.0), 5);
  expect_eigen(std::vector<double>(36, 1.0), 6);
  for (const int64_t n : {2, 3, 10, 41}) {
    const Matrix random = normal_vectors(n, n, 3);
    std::vector<double> matrix(static_cast<size_t>(n * n));
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        matrix[static_cast<size_t>(i * n + j)] =
            random.row<float>(std::max(i, j))[static_cast<size_t>(std::min(i, j))];
      }
    }
    expect_eigen(matrix, n);
  }
}

TEST(PrincipalComponents, FindThePlantedDirections) {
  Matrix points(500, 3);
  RandomStream random(1, "plane", 0);
  for (int64_t i = 0; i < 500; ++i) {
    const double a = 5 * random.normal(), b = random.normal();
    float* row = points.mutable_data<float>() + 3 * i;
    row[0] = static_cast<float>(1 + a * 0.6);
    row[1] = static_cast<float>(2 + a * 0.8);
    row[2] = static_cast<float>(3 + b);
  }
  const PrincipalComponents found = principal_components(points, 2, {});
  EXPECT_NEAR(found.components.row<float>(0)[0], 0.6, 0.02);
  EXPECT_NEAR(found.components.row<float>(0)[1], 0.8, 0.02);
  EXPECT_NEAR(found.components.row<float>(1)[2], 1, 0.02);
  EXPECT_NEAR(found.variances[2], 0, 1e-5);
}

TEST(Pca, OfAllDimensionsLosesNothingButTheCodes) {
  const Matrix vectors = normal_vectors(300, 20);
  const auto all = fitted("pca", vectors, Value::object({{"dim", 20}, {"codec", "f16"}}));
  EXPECT_LT(relative_error(*all, Rows(vectors), 300, {}), 1e-3);
  const auto half = fitted("pca", vectors, Value::object({{"dim", 10}, {"codec", "f16"}}));
  EXPECT_LT(relative_error(*half, Rows(vectors), 300, {}), 0.75);
  EXPECT_EQ(half->code_bytes(), 20);
}

TEST(Pca, ScoresAreThoseOfTheDecodedVectors) {
  const Matrix vectors = normal_vectors(60, 33), queries = normal_vectors(2, 33, 1);
  expect_scores_of_decoded(*fitted("pca", vectors, Value::object({{"dim", 12}})), vectors, queries);
}

}  // namespace
}  // namespace whitney::codec
