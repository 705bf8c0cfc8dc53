#include "whitney/linalg/standardize.h"

#include <gtest/gtest.h>

#include <algorithm>
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

TEST(StandardizeColumns, AgreesWithFloat64AtEveryLevelAndWidth) {
  const int64_t rows = 700;
  at_each_level([] {
    for (int64_t cols : {1, 7, 33, 600}) {
      const std::vector<float> before = random_floats(rows * cols, 3);
      std::vector<float> after(before);
      standardize_columns(with_threads(1), after.data(), rows, cols);
      for (int64_t c = 0; c < cols; ++c) {
        double mean = 0, squares = 0;
        for (int64_t r = 0; r < rows; ++r) mean += before[static_cast<size_t>(r * cols + c)] / double{rows};
        for (int64_t r = 0; r < rows; ++r)
          squares += std::pow(before[static_cast<size_t>(r * cols + c)] - mean, 2);
        const double deviation = std::sqrt(squares / rows);
        for (int64_t r = 0; r < rows; ++r) {
          const auto at = static_cast<size_t>(r * cols + c);
          // One rounding to float32; those in float64 are far below it.
          ASSERT_NEAR(after[at], (before[at] - mean) / deviation,
                      1.01 * kUnit * (std::abs(after[at]) + 1e-6));
        }
      }
    }
  });
}

TEST(StandardizeNonzeroRows, LeavesZeroRowsOutAndFillsTheOthers) {
  // 900 rows make several blocks; every third row is zero. The others alone must give the same values.
  const int64_t rows = 900, cols = 19;
  std::vector<float> all = random_floats(rows * cols, 4), kept;
  for (int64_t r = 0; r < rows; ++r) {
    if (r % 3 == 0) {
      std::fill_n(all.begin() + r * cols, cols, 0.0f);
    } else {
      kept.insert(kept.end(), all.begin() + r * cols, all.begin() + (r + 1) * cols);
    }
  }
  standardize_columns(Context(), kept.data(), 600, cols);
  std::vector<float> one(all.size(), -7.0f), five(one);
  const auto standardize = [&](int threads, std::vector<float>& out) {
    return standardize_nonzero_rows(
        with_threads(threads), out.data(), rows, cols, [&](int64_t begin, int64_t end) {
          std::copy(all.begin() + begin * cols, all.begin() + end * cols, out.begin() + begin * cols);
        });
  };
  EXPECT_EQ(standardize(1, one), 600);
  EXPECT_EQ(standardize(5, five), 600);
  EXPECT_EQ(five, one);
  int64_t row = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) {
      const float expected = r % 3 == 0 ? 0.0f : kept[static_cast<size_t>(row * cols + c)];
      ASSERT_NEAR(one[static_cast<size_t>(r * cols + c)], expected, 2 * kUnit * (std::abs(expected) + 1e-6));
    }
    row += r % 3 != 0;
  }
}

TEST(StandardizeNonzeroRows, OfZeroRowsAloneChangesNothing) {
  std::vector<float> matrix(6, 0.0f);
  EXPECT_EQ(standardize_nonzero_rows(Context(), matrix.data(), 3, 2), 0);
  EXPECT_EQ(matrix, std::vector<float>(6, 0.0f));
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
