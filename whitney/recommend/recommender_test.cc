#include "whitney/recommend/recommender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/item_knn.h"
#include "whitney/recommend/most_popular.h"

namespace whitney::recommend {
namespace {

using ::testing::ElementsAre;

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

TEST(ItemRecommender, SumsWhatAUsersItemsTell) {
  const Interactions events = small_events();
  const auto recommender = item_recommender(events, item_knn(events, {}, {}));
  std::vector<float> scores(10);
  recommender->score(std::vector<uint32_t>{1, 3}, scores.data(), {});
  const auto half = static_cast<float>(1 / std::sqrt(2.0));
  EXPECT_THAT(scores, ElementsAre(half, half, half, 0, 0, 0, 0, 0, 0, 0));
}

}  // namespace
}  // namespace whitney::recommend
