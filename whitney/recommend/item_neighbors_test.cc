#include "whitney/recommend/item_neighbors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

using ::testing::ElementsAre;

TEST(ItemNeighbors, AreCosinesOfColumns) {
  const ItemWeights weights = item_knn(small_events(), {.neighbors = 2, .shrink = 0}, {});
  EXPECT_THAT(weights.offsets, ElementsAre(0, 1, 3, 4, 4, 4));
  EXPECT_THAT(weights.items, ElementsAre(1, 0, 2, 1));
  for (const float weight : weights.weights) EXPECT_FLOAT_EQ(weight, static_cast<float>(1 / std::sqrt(2.0)));
  EXPECT_EQ(item_knn(small_events(), {.neighbors = 1, .shrink = 0}, {}).items,
            (std::vector<uint32_t>{1, 0, 1}));
}

// W_01: one common user of 2 items; |N_0| 1, |N_1| 2.
TEST(ItemNeighbors, AreWalksOfThreeStepsWithThePopularHeldBack) {
  const ItemWeights weights = rp3beta(small_events(), {.alpha = 0.5, .beta = 2, .neighbors = 9}, {});
  EXPECT_FLOAT_EQ(weights.weights[0], static_cast<float>(1 * std::sqrt(0.5) / 4));
  EXPECT_FLOAT_EQ(weights.weights[1], static_cast<float>(std::sqrt(0.5) * std::sqrt(0.5) / 1));
}

TEST(ItemNeighbors, AreTheSameWithAnyNumberOfThreads) {
  const Interactions events = grouped_events(300, 500, 5, 1);
  Context one, many;
  one.threads = 1;
  const ItemWeights first = rp3beta(events, {.neighbors = 20}, one);
  for (const int threads : {2, 5}) {
    many.threads = threads;
    const ItemWeights again = rp3beta(events, {.neighbors = 20}, many);
    EXPECT_EQ(again.items, first.items);
    EXPECT_EQ(again.weights, first.weights);
  }
}

}  // namespace
}  // namespace whitney::recommend
