#include "whitney/linalg/sparse_matrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/linalg/sparse_cases_test.h"

namespace whitney {
namespace {

using testing::ElementsAre;

// (5 0 7; 0 0 0; 8 9 0)
const SparseCase kSmall{3, {0, 2, 2, 4}, {0, 2, 0, 1}, {5, 7, 8, 9}};

TEST(SparseMatrix, SelectsRowsInAnyOrderAndMoreThanOnce) {
  SparseMatrix out;
  const std::vector<uint32_t> many = {0, 2, 0, 2}, some = {2, 1, 0};
  select_rows(kSmall.view(), many, out);
  EXPECT_THAT(out.offsets, ElementsAre(0, 2, 4, 6, 8));
  select_rows(kSmall.view(), some, out);  // into the same memory
  EXPECT_THAT(out.offsets, ElementsAre(0, 2, 2, 4));
  EXPECT_THAT(out.columns, ElementsAre(0, 1, 0, 2));
  EXPECT_THAT(out.weights, ElementsAre(8, 9, 5, 7));
  EXPECT_EQ(out.cols, 3);
}

TEST(SparseMatrix, TransposesAndKeepsTheOrderOfRows) {
  SparseMatrix out;
  transpose(kSmall.view(), out);
  EXPECT_THAT(out.offsets, ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(out.columns, ElementsAre(0, 2, 2, 0));
  EXPECT_THAT(out.weights, ElementsAre(5, 8, 9, 7));
  SparseView unweighted = kSmall.view();
  unweighted.weights = {};
  transpose(unweighted, out);
  EXPECT_THAT(out.columns, ElementsAre(0, 2, 2, 0));
  EXPECT_TRUE(out.weights.empty());
}

TEST(SparseMatrix, WithoutRowsHasATransposeWithoutEntries) {
  SparseMatrix out;
  SparseCase none;
  none.cols = 2;
  transpose(none.view(), out);
  EXPECT_THAT(out.offsets, ElementsAre(0, 0, 0));
  EXPECT_EQ(out.cols, 0);
}

}  // namespace
}  // namespace whitney
