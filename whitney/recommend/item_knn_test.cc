#include "whitney/recommend/item_knn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

using ::testing::ElementsAre;

TEST(ItemKnn, WeighsByCosinesOfColumns) {
  const ItemWeights weights = item_knn(small_events(), {.neighbors = 2, .shrink = 0}, {});
  EXPECT_THAT(weights.offsets.span(), ElementsAre(0, 1, 3, 4, 4, 4));
  EXPECT_THAT(weights.items.span(), ElementsAre(1, 0, 2, 1));
  for (const float weight : weights.weights) EXPECT_FLOAT_EQ(weight, static_cast<float>(1 / std::sqrt(2.0)));
  EXPECT_THAT(item_knn(small_events(), {.neighbors = 1, .shrink = 0}, {}).items.span(), ElementsAre(1, 0, 1));
}

}  // namespace
}  // namespace whitney::recommend
