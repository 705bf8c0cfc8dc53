#include "whitney/recommend/recommender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/recommend/ease.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/item_neighbors.h"

namespace whitney::recommend {
namespace {

using ::testing::ElementsAre;

// Users 0 and 1 share item 1; user 2 is apart with item 3.
Interactions small_events() {
  const std::vector<uint32_t> users = {0, 0, 1, 1, 2}, items = {0, 1, 1, 2, 3};
  return build_interactions(Ids::row_numbers(4), Ids::row_numbers(5), {users, items, {}, {}}, {});
}

std::vector<uint32_t> items_of(const std::vector<ScoredItem>& list) {
  std::vector<uint32_t> items;
  for (const ScoredItem& scored : list) items.push_back(scored.item);
  return items;
}

TEST(Recommend, LeavesSeenItemsOutAndBreaksTiesByTheLowerItem) {
  const Interactions events = small_events();
  const Interactions* const seen[] = {&events};
  const std::vector<uint32_t> users = {0, 2, 3};
  const auto lists = recommend(*most_popular(events), users, 3, seen, {});
  EXPECT_THAT(items_of(lists[0]), ElementsAre(2, 3, 4));
  EXPECT_THAT(items_of(lists[1]), ElementsAre(1, 0, 2));
  EXPECT_THAT(items_of(lists[2]), ElementsAre(1, 0, 2));
  EXPECT_EQ(lists[2][0].score, 2);
  const auto all = recommend(*most_popular(events), users, 100, seen, {});
  EXPECT_EQ(all[0].size(), 3U);
  EXPECT_THROW(recommend(*most_popular(events), std::vector<uint32_t>{4}, 3, seen, {}), Error);
}

TEST(Recommend, RefusesScoresThatAreNoNumbers) {
  const Interactions events = small_events();
  Matrix users = Matrix::zeros(4, 2), items = Matrix::zeros(5, 2);
  users.mutable_data<float>()[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(recommend(*factor_recommender(users, items), std::vector<uint32_t>{1}, 3, {}, {}), Error);
}

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

TEST(ItemRecommender, SumsWhatAUsersItemsTell) {
  const Interactions events = small_events();
  const auto recommender = item_recommender(events, item_knn(events, {}, {}));
  std::vector<float> scores(10);
  recommender->score(std::vector<uint32_t>{1, 3}, scores.data(), {});
  const auto half = static_cast<float>(1 / std::sqrt(2.0));
  EXPECT_THAT(scores, ElementsAre(half, half, half, 0, 0, 0, 0, 0, 0, 0));
}

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
  const double least = loss(weights.weights);
  for (size_t at = 0; at < 144; ++at) {
    if (at % 13 == 0) {
      EXPECT_EQ(weights.weights[at], 0);
      continue;
    }
    for (const float step : {-0.01F, 0.01F}) {
      std::vector<float> other = weights.weights;
      other[at] += step;
      EXPECT_GT(loss(other), least);
    }
  }
}

}  // namespace
}  // namespace whitney::recommend
