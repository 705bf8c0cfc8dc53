#include "whitney/codec/polar_factor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/codec/codec_cases_test.h"
#include "whitney/linalg/dense.h"

namespace whitney::codec {
namespace {

Matrix product_of(const MatrixView& a, const MatrixView& b) {
  Matrix result(a.rows, b.cols);
  multiply_transposed(Context(), a, transposed(b), result.mutable_data<float>());
  return result;
}

void expect_identity(const MatrixView& matrix, double tolerance) {
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.cols; ++j)
      EXPECT_NEAR(matrix.row<float>(i)[static_cast<size_t>(j)], i == j ? 1 : 0, tolerance) << i << ", " << j;
  }
}

TEST(PolarFactor, OfAPlaneTurnAndStretch) {
  // [[0, -2], [3, 0]] = a quarter turn times diag(3, 2).
  const Matrix q = polar_factor(matrix_of({{0, -2}, {3, 0}}), {}).value();
  const std::vector<std::vector<float>> expected{{0, -1}, {1, 0}};
  for (int64_t i = 0; i < 2; ++i) {
    for (size_t j = 0; j < 2; ++j) EXPECT_NEAR(q.row<float>(i)[j], expected[static_cast<size_t>(i)][j], 1e-5);
  }
}

TEST(PolarFactor, IsOrthogonalAndLeavesASymmetricPositiveRest) {
  for (const int64_t d : {1, 5, 64, 97}) {
    const Matrix matrix = normal_vectors(d, d);
    const Matrix q = polar_factor(matrix, {}).value();
    expect_identity(product_of(q, transposed(q)), 1e-5);
    // Q^T M is symmetric, and of a positive trace larger than that of M itself: Q is the nearest of all
    // turns.
    const Matrix rest = product_of(transposed(q), matrix);
    double trace = 0, plain = 0;
    for (int64_t i = 0; i < d; ++i) {
      trace += rest.row<float>(i)[static_cast<size_t>(i)];
      plain += matrix.row<float>(i)[static_cast<size_t>(i)];
      for (int64_t j = 0; j < i; ++j) {
        EXPECT_NEAR(rest.row<float>(i)[static_cast<size_t>(j)], rest.row<float>(j)[static_cast<size_t>(i)],
                    1e-3 * std::sqrt(static_cast<double>(d)));
      }
    }
    EXPECT_GE(trace, std::abs(plain) - 1e-4);
  }
}

TEST(PolarFactor, OfAnOrthogonalMatrixIsThatMatrix) {
  const Matrix q = polar_factor(normal_vectors(40, 40), {}).value(), again = polar_factor(q, {}).value();
  for (int64_t i = 0; i < 40; ++i) {
    for (size_t j = 0; j < 40; ++j) EXPECT_NEAR(again.row<float>(i)[j], q.row<float>(i)[j], 1e-5);
  }
}

TEST(PolarFactor, IsNoneOfASingularMatrix) {
  EXPECT_FALSE(polar_factor(Matrix::zeros(3, 3), {}).has_value());
  EXPECT_FALSE(polar_factor(matrix_of({{1, 0}, {2, 0}}), {}).has_value());
}

}  // namespace
}  // namespace whitney::codec
