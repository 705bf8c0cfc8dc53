#include "whitney/eval/ranking_quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/one_in_test.h"
#include "whitney/recommend/ials.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/mf_bpr.h"
#include "whitney/recommend/most_popular.h"
#include "whitney/recommend/rp3beta.h"

namespace whitney::eval {
namespace {

using recommend::ScoredItem;

Interactions events_of(const std::vector<uint32_t>& users, const std::vector<uint32_t>& items) {
  return build_interactions(Ids::row_numbers(3), Ids::row_numbers(6), {users, items, {}, {}}, {});
}

TEST(RankingQuality, CountsHitsByTheirRanks) {
  const Interactions test = events_of({0, 0, 0, 1}, {1, 3, 5, 2}), train = events_of({0, 1, 2}, {0, 4, 4});
  const std::vector<std::vector<ScoredItem>> lists = {{{3, 9}, {0, 8}, {1, 7}, {2, 6}}, {{0, 1}}};
  const UserQualities found = list_qualities(std::vector<uint32_t>{0, 1}, lists, test, train, 3);
  EXPECT_DOUBLE_EQ(found.recall[0], 2.0 / 3);
  EXPECT_DOUBLE_EQ(found.precision[0], 2.0 / 3);
  const double first = 1, second = 1 / std::log2(3.0), third = 0.5;
  EXPECT_DOUBLE_EQ(found.ndcg[0], (first + third) / (first + second + third));
  EXPECT_DOUBLE_EQ(found.mrr[0], 1);
  EXPECT_DOUBLE_EQ(found.map[0], (1 + 2.0 / 3) / 3);
  EXPECT_EQ(found.hit[0], 1);
  EXPECT_EQ(found.hit[1] + found.recall[1] + found.ndcg[1] + found.mrr[1] + found.map[1], 0);
  EXPECT_DOUBLE_EQ(found.coverage, 3.0 / 6);  // 3, 0 and 1: the fourth of the first list is beyond k
}

TEST(RankingQuality, OfThePerfectListIsTheMost) {
  const Interactions test = events_of({0, 0, 0, 0}, {1, 2, 3, 5}), train = events_of({}, {});
  const std::vector<std::vector<ScoredItem>> lists = {{{5, 2}, {1, 1}, {2, 1}}};
  const UserQualities found = list_qualities(std::vector<uint32_t>{0}, lists, test, train, 3);
  EXPECT_DOUBLE_EQ(found.recall[0], 3.0 / 4);
  EXPECT_DOUBLE_EQ(found.ndcg[0], 1);
  EXPECT_DOUBLE_EQ(found.map[0], 1);
}

// Items of 2, 1 and 0 training users stand 2, 1 and 1 times in lists; 3 items stand in none.
TEST(RankingQuality, TellsHowListsSpreadOverItems) {
  const Interactions test = events_of({0, 1}, {0, 2}), train = events_of({0, 1, 2}, {3, 3, 4});
  const std::vector<std::vector<ScoredItem>> lists = {{{3, 9}, {4, 8}}, {{3, 9}, {1, 8}}};
  const UserQualities found = list_qualities(std::vector<uint32_t>{0, 1}, lists, test, train, 2);
  EXPECT_DOUBLE_EQ(found.coverage, 3.0 / 6);
  EXPECT_DOUBLE_EQ(found.average_popularity, (2 + 1 + 2 + 0) / 4.0);
  EXPECT_DOUBLE_EQ(found.popularity, (1 + 0 + 1 + 0) / 4.0);
  // Sorted 0 0 0 1 1 2: (1 * 1 + 3 * 1 + 5 * 2) / (6 * 4).
  EXPECT_DOUBLE_EQ(found.gini, 14.0 / 24);
}

// A hit at rank 2 of four, and one at rank 4 that only the ideal sees; the user took three more.
TEST(RankingQuality, CountsNdcgOfNgcfAgainstTheHitsOfTheList) {
  const Interactions test = events_of({0, 0, 0, 0, 0}, {1, 2, 3, 4, 5}), train = events_of({}, {});
  const std::vector<std::vector<ScoredItem>> lists = {{{0, 4}, {1, 3}, {0, 2}, {2, 1}}, {}};
  const double second = 1 / std::log2(3.0);
  EXPECT_DOUBLE_EQ(ndcg_ngcf(std::vector<uint32_t>{0, 1}, lists, test, 2)[0], second / (1 + second));
  EXPECT_EQ(ndcg_ngcf(std::vector<uint32_t>{0, 1}, lists, test, 2).size(), 1U);
  const std::vector<std::vector<ScoredItem>> first = {{{5, 4}, {0, 3}, {0, 2}}};
  EXPECT_DOUBLE_EQ(ndcg_ngcf(std::vector<uint32_t>{0}, first, test, 3)[0], 1);
}

struct Golden {
  const char* data;
  double recall, ndcg;
  bool is_large = false;
};

// Recall and nDCG at 20 to 5 digits, ties by the lower item.
TEST(RankingQuality, OfMostPopularIsAsKnown) {
  for (const Golden& golden :
       {Golden{"lastfm", 0.03670, 0.02106}, Golden{"amazon-electronics", 0.08930, 0.04900},
        Golden{"gowalla", 0.04163, 0.03169, true}, Golden{"amazon-cds", 0.01222, 0.00714, true}}) {
    if (one_in() > 1 && golden.is_large) continue;
    const auto split = recommend::read_split(golden.data);
    if (!split) GTEST_SKIP() << "no " << golden.data << " (WHITNEY_DATA)";
    const Interactions* const seen[] = {&split->train};
    const UserQualities found =
        full_ranking(*recommend::most_popular(split->train), seen, split->test, 20, {});
    EXPECT_NEAR(mean_of(found.recall), golden.recall, 5e-6) << golden.data;
    EXPECT_NEAR(mean_of(found.ndcg), golden.ndcg, 5e-6) << golden.data;
  }
}

TEST(RankingQuality, OfItemNeighborsIsAsKnown) {
  struct Case {
    Golden golden;
    int neighbors;
  };
  for (const auto& [golden, neighbors] :
       {Case{{"lastfm", 0.2724, 0.2130}, 200}, Case{{"amazon-electronics", 0.1353, 0.0797}, 200},
        Case{{"gowalla", 0.1817, 0.1484, true}, 500}, Case{{"amazon-cds", 0.1673, 0.1125, true}, 500}}) {
    if (one_in() > 1 && golden.is_large) continue;
    const auto split = recommend::read_split(golden.data);
    if (!split) GTEST_SKIP() << "no " << golden.data << " (WHITNEY_DATA)";
    const Interactions* const seen[] = {&split->train};
    const auto weights =
        recommend::rp3beta(split->train, {.alpha = 0.6, .beta = 0.3, .neighbors = neighbors}, {});
    const auto recommender = recommend::item_recommender(split->train, weights);
    const UserQualities found = full_ranking(*recommender, seen, split->test, 20, {});
    EXPECT_NEAR(mean_of(found.recall), golden.recall, 0.002) << golden.data;
    EXPECT_NEAR(mean_of(found.ndcg), golden.ndcg, 0.002) << golden.data;
  }
}

// Options as picked on held-out events.
TEST(RankingQuality, OfAlternatingLeastSquaresIsAsKnown) {
  const auto split = recommend::read_split("lastfm");
  if (!split) GTEST_SKIP() << "no lastfm (WHITNEY_DATA)";
  const Interactions* const seen[] = {&split->train};
  const Factors factors =
      recommend::ials(split->train, {.unobserved_weight = 0.015, .regularization = 0.04}, {});
  const auto recommender = recommend::factor_recommender(factors.users, factors.items);
  const UserQualities found = full_ranking(*recommender, seen, split->test, 20, {});
  EXPECT_GE(mean_of(found.recall), 0.2752 - 0.002);
  EXPECT_GE(mean_of(found.ndcg), 0.2146 - 0.002);
}

// Regularizations as picked on a validation split.
TEST(RankingQuality, OfBayesianPersonalisedRankingIsAsKnown) {
  struct Case {
    Golden golden;
    double regularization;
  };
  for (const auto& [golden, regularization] :
       {Case{{"lastfm", 0.2434, 0.1870}, 0.03}, Case{{"amazon-electronics", 0.1053, 0.0589}, 0.06}}) {
    const auto split = recommend::read_split(golden.data);
    if (!split) GTEST_SKIP() << "no " << golden.data << " (WHITNEY_DATA)";
    const Interactions* const seen[] = {&split->train};
    const Factors factors = recommend::mf_bpr(split->train, {.regularization = regularization}, {});
    const auto recommender = recommend::factor_recommender(factors.users, factors.items);
    const UserQualities found = full_ranking(*recommender, seen, split->test, 20, {});
    EXPECT_GE(mean_of(found.recall), golden.recall - 0.002) << golden.data;
    EXPECT_GE(mean_of(found.ndcg), golden.ndcg - 0.002) << golden.data;
  }
}

}  // namespace
}  // namespace whitney::eval
