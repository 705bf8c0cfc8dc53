#include "whitney/recommend/bpr_triples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

using ::testing::StartsWith;

TEST(BprSampler, DrawsUsersAlikeAndNegativesThatTheUserLacks) {
  // User 0 has 1 of 6 items, user 1 has 5, user 2 none, user 3 all: each draw is of user 0 or 1.
  const Interactions events = events_of(
      4, 6, {{0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}});
  const BprTriples triples = BprSampler(events, 3).sample(0, 4000, {});
  int64_t of_first = 0;
  std::vector<int64_t> positives(6);
  for (size_t t = 0; t < 4000; ++t) {
    ASSERT_LT(triples.users[t], 2U);
    if (triples.users[t] == 0) {
      ++of_first;
      EXPECT_EQ(triples.positives[t], 2U);
      EXPECT_NE(triples.negatives[t], 2U);
    } else {
      ++positives[triples.positives[t]];
      EXPECT_EQ(triples.negatives[t], 5U);
    }
  }
  // Five deviations of a binomial: sqrt(4000 / 4) = 32; of a fifth of some 2,000: sqrt(2000 * .16) = 18.
  EXPECT_NEAR(static_cast<double>(of_first), 2000, 160);
  for (size_t item = 0; item < 5; ++item) EXPECT_NEAR(static_cast<double>(positives[item]), 400, 122);
  // Draw 100 is the same whatever is drawn with it.
  const BprTriples some = BprSampler(events, 3).sample(100, 3, with_threads(5));
  EXPECT_EQ(some.users[1], triples.users[101]);
  EXPECT_EQ(some.negatives[2], triples.negatives[102]);
}

/// User u of five has items u and u + 1 of 8; user 5 has none, user 6 all.
Interactions events_of_seven() {
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < 5; ++user) pairs.insert(pairs.end(), {{user, user}, {user, user + 1}});
  for (uint32_t item = 0; item < 8; ++item) pairs.emplace_back(6, item);
  return events_of(7, 8, pairs);
}

TEST(BprSampler, DrawsDifferentUsersForEachTripleOfABatch) {
  const Interactions events = events_of_seven();
  constexpr int64_t kBatches = 1000, kSize = 3;
  const BprTriples triples = BprSampler(events, 3).sample_batches(0, kBatches, kSize, {});
  ASSERT_EQ(triples.size(), kBatches * kSize);
  std::vector<int64_t> of_user(5);
  std::vector<int64_t> negatives(8);
  int64_t of_lower = 0;
  for (size_t batch = 0; batch < kBatches; ++batch) {
    std::set<uint32_t> users;
    for (size_t t = batch * kSize; t < (batch + 1) * kSize; ++t) {
      const uint32_t user = triples.users[t];
      ASSERT_LT(user, 5U);
      users.insert(user);
      ++of_user[user];
      of_lower += triples.positives[t] == user ? 1 : 0;
      ASSERT_TRUE(triples.positives[t] == user || triples.positives[t] == user + 1);
      ASSERT_TRUE(triples.negatives[t] != user && triples.negatives[t] != user + 1);
      if (user == 0) ++negatives[triples.negatives[t]];
    }
    ASSERT_EQ(users.size(), 3U) << "batch " << batch;
  }
  // Three of five users in each of 1,000 batches: 600, five deviations sqrt(1000 * .24) = 15.5; a half of
  // 3,000 items: 27.4; a sixth of some 600: 9.1.
  for (const int64_t count : of_user) EXPECT_NEAR(static_cast<double>(count), 600, 78);
  EXPECT_NEAR(static_cast<double>(of_lower), 1500, 137);
  for (size_t item = 2; item < 8; ++item) EXPECT_NEAR(static_cast<double>(negatives[item]), 100, 46 + 13);
}

TEST(BprSampler, DrawsUsersOfABatchAgainOnlyWhereThereAreFewer) {
  const Interactions events = events_of_seven();
  const BprTriples all = BprSampler(events, 3).sample_batches(0, 1, 5, {});
  EXPECT_EQ(std::set<uint32_t>(all.users.begin(), all.users.end()).size(), 5U);
  const BprTriples more = BprSampler(events, 3).sample_batches(0, 1, 600, {});
  ASSERT_EQ(more.size(), 600);
  // A fifth of 600 each: five deviations sqrt(600 * .16) = 9.8.
  for (uint32_t user = 0; user < 5; ++user) {
    EXPECT_NEAR(static_cast<double>(std::ranges::count(more.users, user)), 120, 49);
  }
}

TEST(BprSampler, DrawsABatchTheSameWhateverIsDrawnWithIt) {
  const Interactions events = events_of_seven();
  const BprSampler sampler(events, 3);
  const BprTriples all = sampler.sample_batches(0, 50, 4, {}),
                   some = sampler.sample_batches(20, 3, 4, with_threads(5));
  for (const auto part : {&BprTriples::users, &BprTriples::positives, &BprTriples::negatives}) {
    EXPECT_TRUE(std::equal((some.*part).begin(), (some.*part).end(), (all.*part).begin() + 80));
  }
}

TEST(BprSampler, NamesTheSizesWhereNoPairOfItemsCanBeRanked) {
  Interactions events = events_of(2, 1, {{0, 0}});
  events.source = "shop.inter";
  EXPECT_THAT(error_of([&] { BprSampler(events, 1); }),
              StartsWith("shop.inter: no pair of items can be ranked: none of 2 users has some of 1 items"));
}

}  // namespace
}  // namespace whitney::recommend
