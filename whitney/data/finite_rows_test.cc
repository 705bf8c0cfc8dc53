#include "whitney/data/finite_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace whitney {
namespace {

MatrixView rows_of(const std::vector<float>& values, int64_t cols) {
  const auto rows = static_cast<int64_t>(values.size()) / cols;
  return {values.data(), rows, cols, cols, DType::kF32};
}

TEST(FiniteRows, FindsTheFirstRowOfSeveralBlocks) {
  constexpr int64_t kCols = 1024, kRows = 600;  // blocks of 256 rows
  std::vector<float> values(kRows * kCols, 3.4e38F);
  EXPECT_EQ(first_not_finite(Context(), rows_of(values, kCols)), -1);
  values[599 * kCols + 1023] = -std::numeric_limits<float>::infinity();
  EXPECT_EQ(first_not_finite(Context(), rows_of(values, kCols)), 599);
  values[300 * kCols] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(first_not_finite(Context(), rows_of(values, kCols)), 300);
}

TEST(FiniteRows, FindsNothingInNoRows) { EXPECT_EQ(first_not_finite(Context(), {}), -1); }

}  // namespace
}  // namespace whitney
