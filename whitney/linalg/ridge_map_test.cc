#include "whitney/linalg/ridge_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/random_matrix_test.h"

namespace whitney {
namespace {

Matrix product(const Matrix& a, const Matrix& b) {
  Matrix result(a.rows(), b.cols());
  auto* out = result.mutable_data<float>();
  for (int64_t i = 0; i < a.rows(); ++i) {
    for (int64_t j = 0; j < b.cols(); ++j) {
      double sum = 0;
      for (int64_t k = 0; k < a.cols(); ++k) sum += at(a, i, k) * at(b, k, j);
      out[i * b.cols() + j] = static_cast<float>(sum);
    }
  }
  return result;
}

double loss(const Matrix& a, const Matrix& b, const Matrix& map, double ridge) {
  const Matrix mapped = product(a, map);
  double residual = 0, columns = 0, size = 0;
  for (int64_t i = 0; i < a.rows(); ++i) {
    for (int64_t j = 0; j < b.cols(); ++j) residual += std::pow(at(mapped, i, j) - at(b, i, j), 2);
    for (int64_t j = 0; j < a.cols(); ++j) columns += std::pow(at(a, i, j), 2);
  }
  for (int64_t i = 0; i < map.rows(); ++i) {
    for (int64_t j = 0; j < map.cols(); ++j) size += std::pow(at(map, i, j), 2);
  }
  return residual + ridge * columns / static_cast<double>(a.cols()) * size;
}

TEST(RidgeMap, FindsTheMapThatWasAppliedWhereThePenaltyIsSmall) {
  const Matrix a = random_matrix(50, 4, 1), map = random_matrix(4, 3, 2);
  const Matrix found = ridge_map(Context(), a, product(a, map), 1e-9);
  for (int64_t i = 0; i < 12; ++i) EXPECT_NEAR(at(found, i / 3, i % 3), at(map, i / 3, i % 3), 1e-5);
}

TEST(RidgeMap, HasNoNeighborOfLessLoss) {
  const Matrix a = random_matrix(40, 5, 3), b = random_matrix(40, 5, 4);
  for (const double ridge : {0.01, 0.3, 5.0}) {
    const Matrix found = ridge_map(Context(), a, b, ridge);
    const double least = loss(a, b, found, ridge);
    for (int64_t i = 0; i < 25; ++i) {
      for (const float step : {-0.02F, 0.02F}) {
        Matrix other = Matrix::copy_of(found.view());
        other.mutable_data<float>()[i] += step;
        EXPECT_GT(loss(a, b, other, ridge), least) << ridge << ", entry " << i;
      }
    }
  }
}

TEST(RidgeMap, IsZeroInDirectionsThatTheRowsDoNotSpan) {
  const Matrix found = ridge_map(Context(), Matrix::zeros(3, 6), random_matrix(3, 6, 5), 0.1);
  for (int64_t i = 0; i < 36; ++i) EXPECT_EQ(at(found, i / 6, i % 6), 0);
}

TEST(RidgeMap, GivesEqualBytesWithAnyNumberOfThreads) {
  const Matrix a = random_matrix(3000, 17, 6), b = random_matrix(3000, 11, 7);
  const Matrix one = ridge_map(with_threads(1), a, b, 0.1);
  for (int threads : {2, 5}) {
    const Matrix many = ridge_map(with_threads(threads), a, b, 0.1);
    EXPECT_EQ(std::memcmp(one.row<float>(0).data(), many.row<float>(0).data(), 17 * 11 * sizeof(float)), 0);
  }
}

TEST(RidgeMap, RefusesWhatHasNoSolution) {
  EXPECT_THROW(ridge_map(Context(), random_matrix(3, 4, 1), random_matrix(2, 4, 1), 0.1), Error);
  EXPECT_THROW(ridge_map(Context(), random_matrix(3, 4, 1), random_matrix(3, 4, 1), 0), Error);
  Matrix wrong = random_matrix(3, 4, 1);
  wrong.mutable_data<float>()[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(ridge_map(Context(), wrong, random_matrix(3, 4, 1), 0.1), Error);
}

}  // namespace
}  // namespace whitney
