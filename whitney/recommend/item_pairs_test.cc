#include "whitney/recommend/item_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

TEST(WeighPairs, IsTheSameWithAnyNumberOfThreads) {
  const Interactions events = grouped_events(300, 500, 5, 1);
  const std::vector<double> ones(300, 0.1);
  const PairWeight weight = [](int64_t i, uint32_t j, double sum) {
    return sum / static_cast<double>(i + j + 1);
  };
  Context one, many;
  one.threads = 1;
  const ItemWeights first = weigh_pairs(events, ones, 20, one, weight);
  for (const int threads : {2, 5}) {
    many.threads = threads;
    const ItemWeights again = weigh_pairs(events, ones, 20, many, weight);
    EXPECT_TRUE(std::ranges::equal(again.items, first.items));
    EXPECT_TRUE(std::ranges::equal(again.weights, first.weights));
  }
}

}  // namespace
}  // namespace whitney::recommend
