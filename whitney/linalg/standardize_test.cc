#include "whitney/linalg/standardize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

TEST(StandardizeColumns, GivesMeanZeroAndPopulationDeviationOne) {
  // Columns 1, 3 (mean 2, deviation 1) and 10, 50 (mean 30, deviation 20).
  std::vector<float> matrix{1, 10, 3, 50};
  standardize_columns(Context(), matrix.data(), 2, 2);
  EXPECT_EQ(matrix, (std::vector<float>{-1, -1, 1, 1}));
}

TEST(StandardizeColumns, MakesAColumnOfEqualValuesZero) {
  // 0.1f has no short binary form and 777 rows are no power of two.
  std::vector<float> matrix(2 * 777, 0.1f);
  matrix[1] = 5;
  standardize_columns(Context(), matrix.data(), 777, 2);
  for (size_t r = 0; r < 777; ++r) ASSERT_EQ(matrix[2 * r], 0.0f);
  EXPECT_GT(matrix[1], 1.0f);
}

TEST(StandardizeColumns, HoldsMomentsOverManyBlocksOfRows) {
  const int64_t rows = 3001, cols = 5;
  std::vector<float> matrix = random_floats(rows * cols, 1);
  for (int64_t r = 0; r < rows; ++r) matrix[static_cast<size_t>(r * cols)] += 1000;
  standardize_columns(Context(), matrix.data(), rows, cols);
  for (int64_t c = 0; c < cols; ++c) {
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < rows; ++r) {
      const double value = matrix[static_cast<size_t>(r * cols + c)];
      sum += value;
      squares += value * value;
    }
    // Each result is rounded once, by at most 2^-24 of itself.
    EXPECT_NEAR(sum / rows, 0, 2 * kUnit);
    EXPECT_NEAR(squares / rows, 1, 4 * kUnit);
  }
}

TEST(StandardizeColumns, GivesTheSameBytesAtAnyNumberOfThreads) {
  const std::vector<float> matrix = random_floats(3001 * 5, 2);
  std::vector<float> one(matrix), two(matrix), five(matrix);
  standardize_columns(with_threads(1), one.data(), 3001, 5);
  standardize_columns(with_threads(2), two.data(), 3001, 5);
  standardize_columns(with_threads(5), five.data(), 3001, 5);
  EXPECT_EQ(two, one);
  EXPECT_EQ(five, one);
}

TEST(StandardizeColumns, OfOneRowIsZeroAndOfNoneIsNothing) {
  std::vector<float> matrix{3, -4};
  standardize_columns(Context(), matrix.data(), 1, 2);
  EXPECT_EQ(matrix, (std::vector<float>{0, 0}));
  standardize_columns(Context(), matrix.data(), 0, 2);
  EXPECT_EQ(matrix, (std::vector<float>{0, 0}));
}

}  // namespace
}  // namespace whitney
