#include "whitney/linalg/procrustes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/random_matrix_test.h"

namespace whitney {
namespace {

// The largest |Q^T Q - I|.
double distance_from_orthogonal(const Matrix& q) {
  double largest = 0;
  for (int64_t i = 0; i < q.cols(); ++i) {
    for (int64_t j = 0; j < q.cols(); ++j) {
      double sum = 0;
      for (int64_t k = 0; k < q.rows(); ++k) sum += at(q, k, i) * at(q, k, j);
      largest = std::max(largest, std::abs(sum - (i == j ? 1 : 0)));
    }
  }
  return largest;
}

TEST(Procrustes, FindsTheTurnThatWasApplied) {
  // A quarter turn of the plane with a reflection of the third axis: b = a Q.
  const Matrix a = random_matrix(40, 3, 1);
  Matrix b(40, 3);
  auto* out = b.mutable_data<float>();
  for (int64_t i = 0; i < 40; ++i) {
    const auto row = a.row<float>(i);
    out[i * 3] = -row[1];
    out[i * 3 + 1] = row[0];
    out[i * 3 + 2] = -row[2];
  }
  const Matrix q = procrustes(Context(), a, b);
  const std::vector<double> want = {0, 1, 0, -1, 0, 0, 0, 0, -1};
  for (int64_t i = 0; i < 9; ++i) EXPECT_NEAR(at(q, i / 3, i % 3), want[static_cast<size_t>(i)], 1e-6);
}

TEST(Procrustes, IsOrthogonalAndNoTurnByASmallAngleIsBetter) {
  const Matrix a = random_matrix(60, 7, 2), b = random_matrix(60, 7, 3);
  const Matrix q = procrustes(Context(), a, b);
  EXPECT_LT(distance_from_orthogonal(q), 1e-6);
  // The trace of Q^T A^T B is largest at Q: any turn of two columns by an angle makes it less.
  const auto gain = [&](int64_t first, int64_t second, double angle) {
    double sum = 0;
    for (int64_t i = 0; i < a.rows(); ++i) {
      for (int64_t j = 0; j < 7; ++j) {
        double turned = 0;
        for (int64_t k = 0; k < 7; ++k) {
          double entry = at(q, k, j);
          if (j == first) entry = std::cos(angle) * at(q, k, first) - std::sin(angle) * at(q, k, second);
          if (j == second) entry = std::sin(angle) * at(q, k, first) + std::cos(angle) * at(q, k, second);
          turned += at(a, i, k) * entry;
        }
        sum += turned * at(b, i, j);
      }
    }
    return sum;
  };
  for (int64_t first = 0; first < 7; ++first) {
    for (int64_t second = first + 1; second < 7; ++second) {
      EXPECT_GT(gain(first, second, 0), gain(first, second, 0.01));
      EXPECT_GT(gain(first, second, 0), gain(first, second, -0.01));
    }
  }
}

TEST(Procrustes, CompletesDirectionsThatTheRowsDoNotSpan) {
  const Matrix a = random_matrix(2, 6, 4), b = random_matrix(2, 6, 5);
  EXPECT_LT(distance_from_orthogonal(procrustes(Context(), a, b)), 1e-6);
  EXPECT_LT(distance_from_orthogonal(procrustes(Context(), Matrix::zeros(3, 6), Matrix::zeros(3, 6))), 1e-6);
}

TEST(Procrustes, GivesEqualBytesWithAnyNumberOfThreads) {
  const Matrix a = random_matrix(3000, 17, 6), b = random_matrix(3000, 17, 7);
  const Matrix one = procrustes(with_threads(1), a, b);
  for (int threads : {2, 5}) {
    const Matrix many = procrustes(with_threads(threads), a, b);
    EXPECT_EQ(std::memcmp(one.row<float>(0).data(), many.row<float>(0).data(), 17 * 17 * sizeof(float)), 0);
  }
}

TEST(Procrustes, RefusesOtherShapes) {
  EXPECT_THROW(procrustes(Context(), random_matrix(3, 4, 1), random_matrix(3, 5, 1)), Error);
  EXPECT_THROW(procrustes(Context(), random_matrix(3, 4, 1), random_matrix(2, 4, 1)), Error);
}

}  // namespace
}  // namespace whitney
