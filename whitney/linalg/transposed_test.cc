#include "whitney/linalg/transposed.h"

#include <gtest/gtest.h>

namespace whitney {
namespace {

TEST(Transposed, TurnsRowsIntoColumns) {
  Matrix matrix(3, 40);
  for (int64_t i = 0; i < 120; ++i) matrix.mutable_data<float>()[i] = static_cast<float>(i);
  const Matrix result = transposed(Context(), matrix);
  ASSERT_EQ(result.rows(), 40);
  ASSERT_EQ(result.cols(), 3);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 40; ++j)
      EXPECT_EQ(result.row<float>(j)[static_cast<size_t>(i)], matrix.row<float>(i)[static_cast<size_t>(j)]);
  }
}

TEST(Transposed, TakesAPartOfTheColumns) {
  Matrix matrix(2, 5);
  for (int64_t i = 0; i < 10; ++i) matrix.mutable_data<float>()[i] = static_cast<float>(i);
  MatrixView part = matrix;
  part.data = matrix.row<float>(0).data() + 1;
  part.cols = 2;
  const Matrix result = transposed(Context(), part);
  EXPECT_EQ(result.row<float>(0)[1], 6);
  EXPECT_EQ(result.row<float>(1)[0], 2);
}

TEST(Transposed, OfNothingIsNothing) {
  EXPECT_EQ(transposed(Context(), Matrix(0, 4)).rows(), 4);
  EXPECT_EQ(transposed(Context(), Matrix(4, 0)).rows(), 0);
}

}  // namespace
}  // namespace whitney
