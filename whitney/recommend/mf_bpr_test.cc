#include "whitney/recommend/mf_bpr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/recommend/bpr_triples.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr BprSampling kBoth[] = {BprSampling::kUniformUsers, BprSampling::kUniformEvents};

/// A user with one item and one with 99.
Interactions uneven_events() {
  std::vector<uint32_t> users = {0}, items = {0};
  for (uint32_t item = 0; item < 99; ++item) users.push_back(1), items.push_back(item);
  return build_interactions(Ids::row_numbers(3), Ids::row_numbers(130), {users, items, {}, {}}, {});
}

double length(const Matrix& matrix, int64_t row) {
  const auto values = matrix.row<float>(row);
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

TEST(MfBpr, FindsTheGroupsOfItemsThatUsersTake) {
  const int64_t num_users = 400, num_items = 300, groups = 5;
  const Interactions events = grouped_events(num_users, num_items, groups, 1);
  for (const BprSampling sampling : kBoth) {
    const Factors factors =
        mf_bpr(events, {.dim = 16, .epochs = 60, .regularization = 0.01, .sampling = sampling}, {});
    const auto recommender = factor_recommender(factors.users, factors.items);
    std::vector<uint32_t> users(static_cast<size_t>(num_users));
    std::iota(users.begin(), users.end(), 0U);
    const Interactions* const seen[] = {&events};
    int64_t own = 0, all = 0;
    const auto lists = recommend(*recommender, users, 10, seen, {});
    for (size_t user = 0; user < lists.size(); ++user) {
      for (const ScoredItem& scored : lists[user]) {
        own += scored.item % groups == user % groups ? 1 : 0;
        ++all;
      }
    }
    // A fifth of the items are of a user's group.
    EXPECT_GT(static_cast<double>(own) / static_cast<double>(all), 0.8);
  }
}

TEST(MfBpr, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Interactions events = grouped_events(fewer(2000), fewer(1200), 7, 2);
  for (const BprSampling sampling : kBoth) {
    std::vector<Factors> found;
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      found.push_back(mf_bpr(events, {.dim = 20, .epochs = 3, .sampling = sampling}, context));
    }
    for (const Factors& factors : found) {
      EXPECT_TRUE(std::ranges::equal(factors.users.bytes().span(), found[0].users.bytes().span()));
      EXPECT_TRUE(std::ranges::equal(factors.items.bytes().span(), found[0].items.bytes().span()));
    }
    Context other;
    other.seed = 43;
    const Factors others = mf_bpr(events, {.dim = 20, .epochs = 3, .sampling = sampling}, other);
    EXPECT_FALSE(std::ranges::equal(others.users.bytes().span(), found[0].users.bytes().span()));
  }
}

TEST(MfBpr, StopsByHeldOutItemsAndRefitsOnAllEvents) {
  const Interactions events = grouped_events(200, 150, 5, 1);
  MfBprOptions options = {.dim = 8, .epochs = 200, .regularization = 0.01, .validation = 0.1};
  options.evaluate_every = 3;
  options.patience = 2;
  const MfBprFit stopped = fit_mf_bpr(events, options, {});
  EXPECT_TRUE(stopped.best->stopped_early);
  EXPECT_LT(stopped.best->epochs, 200);
  EXPECT_GT(stopped.best->recall, 20.0 / 150);  // more than by chance
  const InteractionsSplit parts = hold_out(events, 0.1, {});
  EXPECT_EQ(held_out_recall(stopped.factors, parts.train, parts.validation, {}), stopped.best->recall);
  options.refit = true;
  const MfBprFit refitted = fit_mf_bpr(events, options, {});
  EXPECT_EQ(refitted.best->best_epoch, stopped.best->best_epoch);
  const Factors plain =
      mf_bpr(events, {.dim = 8, .epochs = stopped.best->best_epoch, .regularization = 0.01}, {});
  EXPECT_TRUE(std::ranges::equal(refitted.factors.users.bytes().span(), plain.users.bytes().span()));
  EXPECT_TRUE(std::ranges::equal(refitted.factors.items.bytes().span(), plain.items.bytes().span()));
}

TEST(MfBpr, NamesTheVectorAndTheEpochAfterWhichItIsNoNumber) {
  const Interactions events = grouped_events(60, 40, 4, 1);
  const std::string sentence = error_of(
      [&] { mf_bpr(events, {.dim = 4, .epochs = 300, .learning_rate = 10, .regularization = 10}, {}); });
  EXPECT_THAT(sentence, HasSubstr("mf_bpr: the vector of the user \"0\" is no longer a number after epoch "));
  EXPECT_THAT(sentence, HasSubstr("; try a smaller learning_rate than 10"));
  Interactions uneven = uneven_events();
  uneven.source = "shop.inter";
  EXPECT_THAT(error_of([&] { mf_bpr(uneven, {.epochs = 1, .validation = 1e-3}, {}); }),
              HasSubstr("shop.inter: no user has enough items"));
}

// 100 steps, each of which takes the hundredth part of a vector away.
TEST(MfBpr, SamplesUsersOrEventsUniformly) {
  const Interactions events = uneven_events();
  const MfBprOptions still = {.dim = 32, .epochs = 0, .learning_rate = 1e-3, .regularization = 10};
  const double before = length(mf_bpr(events, still, {}).users, 0);
  MfBprOptions options = still;
  options.epochs = 1;
  const double of_users = length(mf_bpr(events, options, {}).users, 0);
  options.sampling = BprSampling::kUniformEvents;
  const double of_events = length(mf_bpr(events, options, {}).users, 0);
  EXPECT_NEAR(of_users / before, std::pow(0.99, 50), 0.15);  // 50 steps of 5 deviation each: 0.47 to 0.78
  EXPECT_NEAR(of_events / before, 0.99, 0.005);
}

/// Users 0 and 1 took all three items.
std::vector<std::pair<uint32_t, uint32_t>> pairs_of_users_who_took_all() {
  return {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}};
}

TEST(MfBpr, LeavesRowsWithoutEventsAtZeroAndLearnsNothingFromUsersWhoTookAll) {
  auto pairs = pairs_of_users_who_took_all();
  pairs.emplace_back(3, 1);
  const Interactions events = events_of(4, 3, pairs);
  const Factors factors = mf_bpr(events, {.dim = 8, .epochs = 5}, {}),
                start = mf_bpr(events, {.dim = 8, .epochs = 0}, {});
  for (const int64_t user : {0, 1}) {
    EXPECT_TRUE(std::ranges::equal(factors.users.row<float>(user), start.users.row<float>(user)));
    EXPECT_GT(length(factors.users, user), 0);
  }
  EXPECT_FALSE(std::ranges::equal(factors.users.row<float>(3), start.users.row<float>(3)));
  EXPECT_EQ(length(factors.users, 2), 0);
}

TEST(MfBpr, RefusesEventsOfWhichNoPairOfItemsCanBeRanked) {
  for (const Interactions& events : {events_of(3, 3, pairs_of_users_who_took_all()), events_of(2, 2, {})}) {
    const std::string sentence = error_of([&] { mf_bpr(events, {.dim = 4}, {}); });
    EXPECT_THAT(sentence, HasSubstr("no pair of items can be ranked"));
    EXPECT_EQ(sentence, error_of([&] { BprSampler(events, 1); }));
  }
}

TEST(MfBpr, CountsUsersAndItemsWithoutAnEventInANote) {
  // Nobody has item 9; with a fifth held out, each user keeps 4 of 5 items, and with a refit all 5 count.
  std::vector<std::pair<uint32_t, uint32_t>> pairs;
  for (uint32_t user = 0; user < 6; ++user) {
    for (uint32_t i = 0; i < 5; ++i) pairs.emplace_back(user, (user + i) % 9);
  }
  const Interactions events = events_of(7, 10, pairs);
  const MfBprOptions all = {.dim = 4, .epochs = 2},
                     held_out = {.dim = 4, .epochs = 2, .validation = 0.2, .evaluate_every = 1};
  MfBprOptions refit = held_out;
  refit.refit = true;
  for (const MfBprOptions& options : {all, held_out, refit}) {
    Listener listener;
    mf_bpr(events, options, listener.context());
    EXPECT_THAT(listener.notes, StartsWith("mf_bpr: 1 user and 1 item without an event to learn from"));
    EXPECT_EQ(std::ranges::count(listener.notes, '\n'), 1);
  }
}

}  // namespace
}  // namespace whitney::recommend
