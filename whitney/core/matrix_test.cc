#include "whitney/core/matrix.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

TEST(Matrix, CopiesAStridedViewPacked) {
  const float values[] = {1, 2, 99, 3, 4, 99};
  const MatrixView view{values, 2, 2, 3, DType::kF32};
  const Matrix copy = Matrix::copy_of(view);
  EXPECT_EQ(copy.row<float>(1)[0], 3);
  EXPECT_EQ(copy.row<float>(1)[1], 4);
  EXPECT_EQ(copy.bytes().size(), 16);
}

TEST(Matrix, WidensEachType) {
  const auto widened = [](const void* data, DType dtype) {
    std::vector<float> out(2);
    copy_row_as_float({data, 1, 2, 2, dtype}, 0, out.data());
    return out;
  };
  const std::vector<float> expected{3, 250};
  const uint8_t u8[] = {3, 250};
  EXPECT_EQ(widened(u8, DType::kU8), expected);
  const double f64[] = {3, 250};
  EXPECT_EQ(widened(f64, DType::kF64), expected);
  const int64_t i64[] = {3, 250};
  EXPECT_EQ(widened(i64, DType::kI64), expected);
  const Float16 f16[] = {to_float16(3), to_float16(250)};
  EXPECT_EQ(widened(f16, DType::kF16), expected);
  const uint16_t bf16[] = {0x4040, 0x437a};  // upper halves of the bits of 3.0f and 250.0f
  EXPECT_EQ(widened(bf16, DType::kBF16), expected);
}

TEST(Matrix, SharesMemoryWhenItIsFloat32Already) {
  const Matrix matrix = Matrix::zeros(3, 2);
  EXPECT_EQ(matrix.to_float32().bytes().data(), matrix.bytes().data());
}

TEST(Matrix, SlicesRows) {
  Matrix matrix(3, 2);
  for (int i = 0; i < 6; ++i) matrix.mutable_data<float>()[i] = static_cast<float>(i);
  EXPECT_EQ(matrix.view().slice(1, 3).row<float>(1)[0], 4);
}

TEST(Matrix, RefusesSizesThatOverflow) {
  EXPECT_THROW(Matrix(int64_t{1} << 40, int64_t{1} << 40), Error);
  EXPECT_THROW(Matrix(-1, 4), Error);
}

}  // namespace
}  // namespace whitney
