#include "whitney/train/nn/unit_rows.h"

#include <gtest/gtest.h>

#include "whitney/train/nn/functions_cases_test.h"

namespace whitney::nn {
namespace {

TEST(UnitRows, AreComputedByHandAndLeaveRowsOfZerosAsTheyAre) {
  const torch::Tensor rows = torch::tensor({3., 4., 0., 0., 0., -2.}, torch::kFloat64).reshape({3, 2});
  rows.requires_grad_();
  const torch::Tensor units = unit_rows(rows, {});
  expect_values(units, {0.6, 0.8, 0, 0, 0, -1});
  // Of (3, 4): (g - <g, o> o) / 5 with g = (1, 0): (1 - 0.36, -0.48) / 5.
  units.narrow(0, 0, 1).narrow(1, 0, 1).sum().backward();
  expect_values(rows.grad(), {0.128, -0.096, 0, 0, 0, 0});
}

TEST(UnitRows, HaveTheirGradients) {
  const torch::Tensor rows = leaf({5, 19}, 1);
  expect_right([&] { return weighed(unit_rows(rows, {})); }, {rows});
}

TEST(UnitRows, ByTorchAreThoseOfOurKernel) {
  const torch::Tensor rows = leaf({5, 19}, 1);
  expect_alike([&] { return unit_rows(rows, {}); }, [&] { return unit_rows_by_torch(rows); }, rows);
  // Rows of zeros have a gradient, too.
  const torch::Tensor zeros = torch::zeros({2, 3}, torch::kFloat64).requires_grad_();
  weighed(unit_rows(zeros, {})).backward();
  const torch::Tensor expected = zeros.grad().clone();
  zeros.mutable_grad() = torch::Tensor();
  const torch::Tensor units = unit_rows_by_torch(zeros);
  weighed(units).backward();
  EXPECT_TRUE(torch::equal(units, torch::zeros_like(units)));
  EXPECT_TRUE(torch::allclose(zeros.grad(), expected)) << zeros.grad() << expected;
}

TEST(UnitRows, GiveTheSameBytesAtAnyNumberOfThreads) {
  expect_the_same_bytes(numbers({1100, 7}, 1, torch::kFloat32),
                        [](const torch::Tensor& x, const Context& context) { return unit_rows(x, context); });
}

}  // namespace
}  // namespace whitney::nn
