#include "whitney/recommend/rp3beta.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

// W_01: one common user of 2 items; |N_0| 1, |N_1| 2.
TEST(Rp3Beta, WeighsByWalksOfThreeStepsWithThePopularHeldBack) {
  const ItemWeights weights = rp3beta(small_events(), {.alpha = 0.5, .beta = 2, .neighbors = 9}, {});
  EXPECT_FLOAT_EQ(weights.weights[0], static_cast<float>(1 * std::sqrt(0.5) / 4));
  EXPECT_FLOAT_EQ(weights.weights[1], static_cast<float>(std::sqrt(0.5) * std::sqrt(0.5) / 1));
}

}  // namespace
}  // namespace whitney::recommend
