#include "whitney/train/nn/gradient_check.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/train/nn/functions_cases_test.h"

namespace whitney::nn {
namespace {

TEST(GradientCheck, FindsAWrongGradient) {
  const torch::Tensor x = leaf({5}, 1);
  expect_right([&] { return (x * x * x).sum(); }, {x});
  const GradientCheck check = check_gradients([&] { return (x * x.detach()).sum(); }, {x});
  EXPECT_NEAR(check.worst_error, 1.0 / 3, 1e-4) << check.where;  // x where it is 2 x: (2 - 1) / (2 + 1)
  EXPECT_NE(check.where.find("input 0, element"), std::string::npos);
}

}  // namespace
}  // namespace whitney::nn
