#include "whitney/train/nn/table_look_up.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/train/nn/functions_cases_test.h"

namespace whitney::nn {
namespace {

TEST(TableLookUp, HasAGradientOfTheRowsThatWereLookedUpAlone) {
  const torch::Tensor table = torch::zeros({1000, 2}).requires_grad_();
  const torch::Tensor rows = table_look_up(table, indices_of({700, 3, 700}), {});
  (rows * torch::tensor({1., 2., 3., 4., 5., 6.}).reshape({3, 2})).sum().backward();
  ASSERT_TRUE(table.grad().is_sparse());
  expect_values(table.grad()._indices(), {3, 700});
  EXPECT_TRUE(coalesced_rows(table.grad(), {}).is_coalesced());
  expect_values(table.grad()._values(), {3, 4, 6, 8});
  // A second use adds up.
  (table_look_up(table, indices_of({3, 5}), {}) * 10).sum().backward();
  const torch::Tensor sum = coalesced_rows(table.grad(), {});
  expect_values(sum._indices(), {3, 5, 700});
  expect_values(sum._values(), {13, 14, 10, 10, 6, 8});
}

}  // namespace
}  // namespace whitney::nn
