#include "whitney/recommend/bpr_triples.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"

namespace whitney::recommend {
namespace {

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

TEST(BprSampler, NamesTheSizesWhereNoPairOfItemsCanBeRanked) {
  const Interactions events = events_of(2, 1, {{0, 0}});
  EXPECT_THROW(BprSampler(events, 1), Error);
}

}  // namespace
}  // namespace whitney::recommend
