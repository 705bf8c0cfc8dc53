#include "whitney/linalg/randomized_svd.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "whitney/linalg/each_level_test.h"
#include "whitney/linalg/sparse_cases_test.h"
#include "whitney/linalg/tall_matrix.h"

namespace whitney {
namespace {

// A diagonal of values, as its own transpose.
SparseCase diagonal_of(const std::vector<float>& values) {
  SparseCase result;
  result.cols = std::ssize(values);
  for (size_t i = 0; i < values.size(); ++i) {
    result.columns.push_back(static_cast<uint32_t>(i));
    result.weights.push_back(values[i]);
    result.offsets.push_back(static_cast<int64_t>(i) + 1);
  }
  return result;
}

double at(const Matrix& matrix, int64_t i, int64_t j) { return matrix.row<float>(i)[static_cast<size_t>(j)]; }

TEST(RandomizedSvd, FindsTheLargestSingularValuesAndVectors) {
  // Values 1, 0.8, 0.64, ... with signs, in an order that is not theirs.
  std::vector<float> values(100);
  for (size_t i = 0; i < 100; ++i)
    values[i * 37 % 100] = static_cast<float>(std::pow(0.8, static_cast<double>(i)) * (i % 2 == 0 ? 1 : -1));
  const SparseCase diagonal = diagonal_of(values);
  const TruncatedSvd svd = randomized_svd(Context(), symmetric_map(Context(), diagonal.view()), {.rank = 8});
  for (int64_t k = 0; k < 8; ++k) {
    const double value = std::pow(0.8, static_cast<double>(k));
    EXPECT_NEAR(svd.values[static_cast<size_t>(k)], value, 1e-6);
    const int64_t place = k * 37 % 100;
    EXPECT_NEAR(std::abs(at(svd.left, place, k)), 1, 1e-5);
    // The sign of a negative value is in one of the two vectors.
    EXPECT_NEAR(at(svd.left, place, k) * at(svd.right, place, k), k % 2 == 0 ? 1 : -1, 1e-5);
  }
}

// 3 x 4 of rank 2, with its transpose: rows (1 0 2 0), (0 3 0 0), (2 0 4 0).
struct RankTwo {
  SparseCase matrix{4, {0, 2, 3, 5}, {0, 2, 1, 0, 2}, {1, 2, 3, 2, 4}};
  SparseCase transposed{3, {0, 2, 3, 5, 5}, {0, 2, 1, 0, 2}, {1, 2, 3, 2, 4}};
};

TEST(RandomizedSvd, IsExactForAMatrixOfLowRank) {
  const RankTwo two;
  const TruncatedSvd svd =
      randomized_svd(Context(), sparse_map(Context(), two.matrix.view(), two.transposed.view()), {.rank = 3});
  // (1, 2) (1, 2)^T has the value 5.
  EXPECT_NEAR(svd.values[0], 5, 1e-5);
  EXPECT_NEAR(svd.values[1], 3, 1e-5);
  EXPECT_EQ(svd.values[2], 0);
  const std::vector<double> want = {1, 0, 2, 0, 0, 3, 0, 0, 2, 0, 4, 0};
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 4; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < 3; ++k)
        sum += at(svd.left, i, k) * svd.values[static_cast<size_t>(k)] * at(svd.right, j, k);
      EXPECT_NEAR(sum, want[static_cast<size_t>(i * 4 + j)], 1e-5);
    }
    EXPECT_EQ(at(svd.left, i, 2), 0);
  }
}

TEST(RandomizedSvd, FillsUpWithZerosBeyondTheSizeOfTheMatrix) {
  const RankTwo two;
  const TruncatedSvd svd =
      randomized_svd(Context(), sparse_map(Context(), two.matrix.view(), two.transposed.view()),
                     {.rank = 6, .right = false});
  EXPECT_EQ(svd.left.cols(), 6);
  EXPECT_EQ(svd.right.cols(), 0);
  EXPECT_EQ(svd.values.size(), 6U);
  EXPECT_NEAR(svd.values[0], 5, 1e-5);
  for (int64_t k = 2; k < 6; ++k) EXPECT_EQ(at(svd.left, 0, k), 0);
}

TEST(RandomizedSvd, OfAZeroMatrixIsZero) {
  SparseCase zero{5, {0, 0, 0, 0}, {}, {}};
  SparseCase transposed{3, {0, 0, 0, 0, 0, 0}, {}, {}};
  const TruncatedSvd svd =
      randomized_svd(Context(), sparse_map(Context(), zero.view(), transposed.view()), {.rank = 2});
  EXPECT_EQ(svd.values, std::vector<double>(2));
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(at(svd.left, i, 0), 0);
}

TEST(RandomizedSvd, GivesEqualBytesWithAnyNumberOfThreads) {
  const SparseCase path = path_of(700);
  const auto run = [&](int threads) {
    const Context context = with_threads(threads);
    const TruncatedSvd svd = randomized_svd(context, symmetric_map(context, path.view()), {.rank = 9});
    std::vector<float> all(svd.left.row<float>(0).data(), svd.left.row<float>(0).data() + 700 * 9);
    all.insert(all.end(), svd.right.row<float>(0).data(), svd.right.row<float>(0).data() + 700 * 9);
    return all;
  };
  const std::vector<float> one = run(1);
  EXPECT_EQ(one, run(2));
  EXPECT_EQ(one, run(5));
}

}  // namespace
}  // namespace whitney
