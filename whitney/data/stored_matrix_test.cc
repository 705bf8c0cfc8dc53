#include "whitney/data/stored_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"

namespace whitney::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class T>
Matrix matrix_of(int64_t rows, int64_t cols, const std::vector<T>& values) {
  Matrix matrix(rows, cols, dtype_for<T>());
  std::ranges::copy(values, matrix.mutable_data<T>());
  return matrix;
}

Matrix store(const Matrix& matrix, DType wanted) {
  return to_stored_type(matrix, wanted, "a.bin", [](int64_t row) { return "id" + std::to_string(row); }, {});
}

TEST(ToStoredType, ConvertsWhatFits) {
  EXPECT_THAT(store(matrix_of<float>(1, 3, {0, 17, 255}), DType::kU8).row<uint8_t>(0),
              ElementsAre(0, 17, 255));
  EXPECT_THAT(store(matrix_of<int8_t>(1, 2, {-128, 127}), DType::kF32).row<float>(0), ElementsAre(-128, 127));
  EXPECT_THAT(store(matrix_of<int64_t>(1, 2, {-1, 1 << 30}), DType::kI32).row<int32_t>(0),
              ElementsAre(-1, 1 << 30));
  EXPECT_THAT(store(matrix_of<Float16>(1, 1, {to_float16(3)}), DType::kI8).row<int8_t>(0), ElementsAre(3));
}

TEST(ToStoredType, RoundsFloat64ToFloat32) {
  EXPECT_THAT(store(matrix_of<double>(1, 1, {0.1}), DType::kF32).row<float>(0), ElementsAre(0.1F));
}

TEST(ToStoredType, NamesRowDimensionAndValueOfWhatDoesNotFit) {
  const std::string error = error_of([] { store(matrix_of<float>(2, 2, {1, 2, 3, 4.5}), DType::kU8); });
  EXPECT_THAT(error, HasSubstr("a.bin: the format holds uint8"));
  EXPECT_THAT(error, HasSubstr("\"id1\" (row 1, counted from 0) has 4.5 in dimension 1"));
  const auto fits = [](const Matrix& matrix, DType wanted) {
    return error_of([&] { store(matrix, wanted); }) == "no error";
  };
  EXPECT_FALSE(fits(matrix_of<float>(1, 1, {256}), DType::kU8));
  EXPECT_FALSE(fits(matrix_of<float>(1, 1, {-1}), DType::kU8));
  EXPECT_FALSE(fits(matrix_of<float>(1, 1, {2147483648.0F}), DType::kI32));
  EXPECT_FALSE(fits(matrix_of<int32_t>(1, 1, {(1 << 24) + 1}), DType::kF32));
  EXPECT_FALSE(fits(matrix_of<uint64_t>(1, 1, {uint64_t{1} << 63}), DType::kI32));
  EXPECT_FALSE(fits(matrix_of<int64_t>(1, 1, {std::numeric_limits<int64_t>::max()}), DType::kF32));
  EXPECT_TRUE(fits(matrix_of<int32_t>(1, 1, {1 << 30}), DType::kF32));
}

}  // namespace
}  // namespace whitney::data
