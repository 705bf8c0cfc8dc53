#include "whitney/recommend/ease.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

// The zero diagonal with the least |R - R W|^2 + lambda |W|^2: no single weight does better.
TEST(Ease, HasTheLeastLoss) {
  const Interactions events = grouped_events(40, 12, 3, 2);
  const ItemWeights weights = ease(events, {.regularization = 3}, {});
  const auto loss = [&](const std::vector<float>& w) {
    double sum = 0;
    for (int64_t user = 0; user < events.num_users(); ++user) {
      std::vector<double> row(12), wanted(12);
      for (const uint32_t item : events.items_of(user)) {
        wanted[item] = 1;
        for (size_t j = 0; j < 12; ++j) row[j] += w[item * 12 + j];
      }
      for (size_t j = 0; j < 12; ++j) sum += (row[j] - wanted[j]) * (row[j] - wanted[j]);
    }
    for (const float value : w) sum += 3 * double{value} * value;
    return sum;
  };
  const std::vector<float> found(weights.weights.begin(), weights.weights.end());
  const double least = loss(found);
  for (size_t at = 0; at < 144; ++at) {
    if (at % 13 == 0) {
      EXPECT_EQ(weights.weights[at], 0);
      continue;
    }
    for (const float step : {-0.01F, 0.01F}) {
      std::vector<float> other = found;
      other[at] += step;
      EXPECT_GT(loss(other), least);
    }
  }
}

TEST(Ease, GivesEqualBytesWithAnyNumberOfThreads) {
  const Interactions events = grouped_events(300, 200, 5, 8);
  const auto weights = [&](int threads) {
    const ItemWeights found = ease(events, {.regularization = 3}, with_threads(threads));
    return std::vector<float>(found.weights.begin(), found.weights.end());
  };
  const std::vector<float> one = weights(1);
  EXPECT_EQ(weights(2), one);
  EXPECT_EQ(weights(5), one);
}

}  // namespace
}  // namespace whitney::recommend
