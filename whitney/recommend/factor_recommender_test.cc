#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/linalg/dense.h"
#include "whitney/linalg/each_level_test.h"
#include "whitney/recommend/interactions_cases_test.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {
namespace {

/// Of few whole numbers, so that many scores are equal, or of any.
Matrix vectors(int64_t rows, int64_t dim, bool whole, uint64_t seed) {
  Matrix result(rows, dim);
  RandomStream random(seed, "vectors", 0);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < rows * dim; ++i)
    out[i] = whole ? static_cast<float>(random.below(3)) - 1 : static_cast<float>(random.normal());
  return result;
}

/// All scores, written down and sorted: the plain way.
std::vector<std::vector<ScoredItem>> sorted_lists(const Matrix& user_vectors, const Matrix& items,
                                                  const std::vector<uint32_t>& users, size_t k,
                                                  std::span<const Interactions* const> seen) {
  std::vector<std::vector<ScoredItem>> lists;
  for (const uint32_t user : users) {
    std::vector<float> scores(static_cast<size_t>(items.rows()));
    multiply_transposed({}, user_vectors.view().slice(user, user + 1), items, scores.data());
    std::vector<ScoredItem> list;
    for (uint32_t item = 0; item < scores.size(); ++item) {
      bool is_seen = false;
      for (const Interactions* events : seen)
        is_seen = is_seen || std::ranges::count(events->items_of(user), item) > 0;
      if (!is_seen) list.push_back({item, scores[item] + 0.0F});
    }
    std::ranges::stable_sort(list, [](const auto& a, const auto& b) { return a.score > b.score; });
    list.resize(std::min(list.size(), k));
    lists.push_back(list);
  }
  return lists;
}

TEST(FactorRecommender, RecommendsWhatSortingAllScoresGivesAtAnyNumberOfThreads) {
  const int64_t num_users = 215, num_items = 507;
  const Interactions events = grouped_events(num_users, num_items, 7, 1),
                     others = grouped_events(num_users, num_items, 5, 2);
  const Interactions* const seen[] = {&events, &others};
  std::vector<uint32_t> users(static_cast<size_t>(num_users));
  std::iota(users.rbegin(), users.rend(), 0U);
  for (const bool whole : {true, false}) {
    const Matrix user_vectors = vectors(num_users, 13, whole, 3), items = vectors(num_items, 13, whole, 4);
    const auto recommender = factor_recommender(user_vectors, items);
    at_each_level([&] {
      for (const int64_t k : {int64_t{1}, int64_t{20}, num_items}) {
        const auto expected = sorted_lists(user_vectors, items, users, static_cast<size_t>(k), seen);
        for (const int threads : {1, 2, 5}) {
          Context context;
          context.threads = threads;
          ASSERT_EQ(recommend(*recommender, users, k, seen, context), expected) << k << ", " << threads;
        }
      }
    });
  }
}

TEST(FactorRecommender, GivesOneUserTheSameAsAmongOthers) {
  const Matrix user_vectors = vectors(300, 64, false, 5), items = vectors(500, 64, false, 6);
  const auto recommender = factor_recommender(user_vectors, items);
  std::vector<uint32_t> users(300);
  std::iota(users.begin(), users.end(), 0U);
  const auto lists = recommend(*recommender, users, 10, {}, {});
  for (const uint32_t user : {0U, 206U, 207U, 299U})
    EXPECT_EQ(recommend(*recommender, std::vector<uint32_t>{user}, 10, {}, {})[0], lists[user]);
  std::vector<float> scores(3 * 500), expected(300 * 500);
  multiply_transposed({}, user_vectors, items, expected.data());
  recommender->score(std::vector<uint32_t>{299, 0, 207}, scores.data(), {});
  EXPECT_TRUE(std::ranges::equal(std::span(scores).first(500), std::span(expected).last(500)));
  EXPECT_TRUE(std::ranges::equal(std::span(scores).last(500), std::span(expected).subspan(207 * 500, 500)));
}

TEST(FactorRecommender, ListsInfinitelyGoodItemsAndNoInfinitelyBadOnes) {
  Matrix users = Matrix::zeros(1, 1), items = Matrix::zeros(4, 1);
  users.mutable_data<float>()[0] = 1;
  const float infinity = std::numeric_limits<float>::infinity();
  std::ranges::copy(std::vector<float>{-infinity, 2, infinity, -1e30F}, items.mutable_data<float>());
  const auto lists = recommend(*factor_recommender(users, items), std::vector<uint32_t>{0}, 4, {}, {});
  EXPECT_EQ(lists[0], (std::vector<ScoredItem>{{2, infinity}, {1, 2}, {3, -1e30F}}));
}

}  // namespace
}  // namespace whitney::recommend
