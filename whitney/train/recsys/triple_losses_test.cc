#include "whitney/train/recsys/triple_losses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/train/nn/functions_cases_test.h"

namespace whitney::recsys {
namespace {

TEST(TripleLosses, AreComputedByHand) {
  // u = (1, 2), i = (3, 1), j = (0, 1): <u, i> = 5, <u, j> = 2; |u|^2 = 5, |i|^2 = 10, |j|^2 = 1.
  const torch::Tensor rows = torch::tensor({1., 2., 3., 1., 0., 1.}, torch::kFloat64).reshape({3, 2});
  const TriplePlaces places{{0, 0}, {1, 2}, {2, 1}};
  const double up = std::log1p(std::exp(-3.0)), down = 3 + up;
  nn::expect_values(triple_losses(rows, places, 0, 2, {}), {up, down});
  nn::expect_values(triple_losses(rows, places, 0.5, 2, {}), {up + 4, down + 4});
  // The first values alone: 1 + 9 + 0.
  nn::expect_values(triple_losses(rows, places, 0.5, 1, {}), {up + 2.5, down + 2.5});
}

TEST(TripleLosses, HaveTheirGradients) {
  // Row 1 is an item of all three kinds, row 0 of two triples.
  const torch::Tensor rows = nn::leaf({4, 11}, 1);
  const TriplePlaces places{{0, 0, 3}, {1, 2, 1}, {2, 1, 2}};
  for (const int64_t regularized : {0, 5, 11}) {
    nn::expect_right([&] { return nn::weighed(triple_losses(rows, places, 0.3, regularized, {})); }, {rows});
  }
}

TEST(TripleLosses, OfGreatMarginsAreFiniteWithTheirGradients) {
  const torch::Tensor rows = torch::tensor({1e4F, 1e4F, -1e4F}).reshape({3, 1}).requires_grad_();
  const torch::Tensor losses = triple_losses(rows, {{0, 0}, {1, 2}, {2, 1}}, 0, 1, {});
  nn::expect_values(losses, {0, 2e8});
  losses.sum().backward();
  EXPECT_TRUE(rows.grad().isfinite().all().item<bool>());
}

TEST(TripleLosses, RefuseRowsThatAreNotThere) {
  EXPECT_THROW(triple_losses(torch::zeros({2, 1}), {{0}, {1}, {2}}, 0, 1, {}), InternalError);
}

}  // namespace
}  // namespace whitney::recsys
