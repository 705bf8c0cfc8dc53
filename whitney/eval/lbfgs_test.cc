#include "whitney/eval/lbfgs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace whitney::eval {
namespace {

// f(x) = sum_i k_i (x_i - i)^2 / 2 with curvatures from 1 to 1000.
double quadratic(const std::vector<double>& x, std::vector<double>& gradient) {
  double loss = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double curvature = std::pow(1000.0, static_cast<double>(i) / static_cast<double>(x.size() - 1));
    const double away = x[i] - static_cast<double>(i);
    gradient[i] = curvature * away;
    loss += curvature * away * away / 2;
  }
  return loss;
}

TEST(Lbfgs, FindsTheMinimumOfAnIllConditionedQuadratic) {
  Lbfgs minimizer(20, 1e-9);
  std::vector<double> gradient(20);
  int evaluations = 0;
  for (; !minimizer.ended() && evaluations < 500; ++evaluations) {
    const double loss = quadratic(minimizer.trial(), gradient);
    minimizer.take(loss, gradient);
  }
  EXPECT_LT(evaluations, 400);
  for (size_t i = 0; i < 20; ++i) EXPECT_NEAR(minimizer.point()[i], static_cast<double>(i), 1e-8) << i;
}

TEST(Lbfgs, EndsAtOnceWhereTheGradientIsZero) {
  Lbfgs minimizer(3, 1e-9);
  minimizer.take(7, std::vector<double>(3));
  EXPECT_TRUE(minimizer.ended());
  EXPECT_EQ(minimizer.point(), std::vector<double>(3));
}

TEST(Lbfgs, ShortensAStepThatMakesTheLossWorse) {
  // f(x) = cosh(100 x) - 100 x: a first step of 1 would be e^100 too long.
  Lbfgs minimizer(1, 1e-9);
  for (int i = 0; i < 200 && !minimizer.ended(); ++i) {
    const double x = minimizer.trial()[0];
    minimizer.take(std::cosh(100 * x) - 100 * x, std::vector<double>{100 * std::sinh(100 * x) - 100});
  }
  EXPECT_NEAR(minimizer.point()[0], std::asinh(1.0) / 100, 1e-9);
}

}  // namespace
}  // namespace whitney::eval
