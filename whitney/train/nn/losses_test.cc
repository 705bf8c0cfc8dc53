#include "whitney/train/nn/losses.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/train/nn/functions_cases_test.h"

namespace whitney::nn {
namespace {

TEST(Losses, BprIsTheMeanLogOfLogisticsAndDoesNotOverflow) {
  const torch::Tensor positive = torch::tensor({1., 0., 200., -1000.}).requires_grad_(),
                      negative = torch::zeros({4});
  const torch::Tensor loss = bpr_loss(positive, negative);
  // ln(1 + 1/e) = 0.3132617, ln 2 = 0.6931472, 0, 1000.
  EXPECT_NEAR(loss.item<double>(), (0.3132617 + 0.6931472 + 1000) / 4, 1e-4);
  loss.backward();
  expect_values(positive.grad(), {-0.2689414 / 4, -0.125, 0, -0.25});
  const torch::Tensor a = leaf({4, 3}, 1), b = leaf({4, 3}, 2), c = leaf({4, 3}, 3);
  expect_right([&] { return bpr_loss(row_products(a, b), row_products(a, c)) + half_squares({a, b}, 4); },
               {a, b, c});
  expect_values(half_squares({torch::tensor({1., 2.}), torch::tensor({3.})}, 7), {1});
}

}  // namespace
}  // namespace whitney::nn
