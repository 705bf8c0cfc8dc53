#include "whitney/linalg/adam.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

TEST(Adam, TakesTwoStepsComputedByHand) {
  // g = 2, then -1; beta1 = 0.5, beta2 = 0.75, rate 0.1, epsilon 0.
  // m = 1, v = 1: m / (1 - 0.5) = 2, v / (1 - 0.75) = 4, so p falls by 0.1 * 2 / 2.
  // m = 0, v = 1: p stays.
  std::vector<float> p = {3}, m = {0}, v = {0};
  float g = 2;
  apply_adam(adam_step(0.1, 0.5, 0.75, 0, 0, 1), 1, &g, p.data(), m.data(), v.data());
  EXPECT_FLOAT_EQ(m[0], 1);
  EXPECT_FLOAT_EQ(v[0], 1);
  EXPECT_FLOAT_EQ(p[0], 2.9F);
  g = -1;
  apply_adam(adam_step(0.1, 0.5, 0.75, 0, 0, 2), 1, &g, p.data(), m.data(), v.data());
  EXPECT_FLOAT_EQ(m[0], 0);
  EXPECT_FLOAT_EQ(v[0], 1);
  EXPECT_FLOAT_EQ(p[0], 2.9F);
}

TEST(Adam, AgreesWithItsFormulaInFloat64AtEveryLength) {
  at_each_level([] {
    for (const int64_t n : awkward_lengths()) {
      const auto g = random_floats(n, 1);
      auto p = random_floats(n, 2), m = random_floats(n, 3), v = random_floats(n, 4);
      for (float& value : v) value = std::abs(value);
      const auto p0 = p, m0 = m, v0 = v;
      apply_adam(adam_step(1e-2, 0.9, 0.999, 1e-3, 0.1, 7), n, g.data(), p.data(), m.data(), v.data());
      for (size_t i = 0; i < g.size(); ++i) {
        const double moment = 0.9 * m0[i] + 0.1 * g[i], square = 0.999 * v0[i] + 0.001 * g[i] * g[i];
        const double root = std::sqrt(square / (1 - std::pow(0.999, 7))) + 1e-3;
        const double moved = 1e-2 * moment / (1 - std::pow(0.9, 7)) / root;
        const double sizes = 0.9 * std::abs(m0[i]) + 0.1 * std::abs(g[i]);
        ASSERT_NEAR(m[i], moment, 4 * kUnit * sizes);
        ASSERT_NEAR(v[i], square, 40 * kUnit * square);
        ASSERT_NEAR(p[i], (1 - 1e-3) * p0[i] - moved,
                    40 * kUnit * (std::abs(p0[i]) + std::abs(moved) + 1e-2 * sizes / root));
      }
    }
  });
}

TEST(Adam, OfSomeRowsIsThatOfTheseRowsAlone) {
  at_each_level([] {
    const int64_t dim = 19;
    const std::vector<uint32_t> rows = {4, 0, 2};
    const AdamStep step = adam_step(1e-2, 0.9, 0.999, 1e-8, 0.1, 3);
    const auto g = random_floats(3 * dim, 1);
    auto p = random_floats(5 * dim, 2), m = random_floats(5 * dim, 3), v = random_floats(5 * dim, 4);
    for (float& value : v) value = std::abs(value);
    auto p1 = p, m1 = m, v1 = v;
    apply_adam_to_rows(step, rows, dim, g.data(), p.data(), m.data(), v.data());
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t at = rows[i] * dim;
      apply_adam(step, dim, g.data() + static_cast<int64_t>(i) * dim, p1.data() + at, m1.data() + at,
                 v1.data() + at);
    }
    EXPECT_EQ(p, p1);
    EXPECT_EQ(m, m1);
    EXPECT_EQ(v, v1);
  });
}

TEST(Adam, LeavesAValueWithoutMomentsWhereItIs) {
  std::vector<float> p = {1, -2}, m = {0, 0}, v = {0, 0}, g = {0, 0};
  apply_adam(adam_step(1, 0.9, 0.999, 1e-8, 0, 1), 2, g.data(), p.data(), m.data(), v.data());
  EXPECT_EQ(p, (std::vector<float>{1, -2}));
}

}  // namespace
}  // namespace whitney
