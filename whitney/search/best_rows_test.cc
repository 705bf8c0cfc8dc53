#include "whitney/search/best_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "whitney/core/random.h"

namespace whitney::search {
namespace {

using Scored = std::vector<std::pair<float, uint32_t>>;

Scored taken(BestRows& best) {
  Scored result;
  for (const uint64_t key : best.take()) result.emplace_back(BestRows::score_of(key), BestRows::row_of(key));
  return result;
}

TEST(BestRows, AreThoseOfTheHighestScoresAndOfEqualOnesTheSmallerRows) {
  for (const int64_t k : {1, 3, 10, 100, 700}) {
    RandomStream stream(1, "scores", static_cast<uint64_t>(k));
    Scored all;
    for (uint32_t i = 0; i < 600; ++i)
      all.emplace_back(static_cast<float>(stream.below(40)) - 20,
                       i * 7919 % 600);  // many are equal, in any order
    BestRows best;
    best.reset(k);
    for (const auto& [score, row] : all) best.offer(score, row);
    std::ranges::sort(all, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    all.resize(std::min(all.size(), static_cast<size_t>(k)));
    EXPECT_EQ(taken(best), all) << k;
  }
}

TEST(BestRows, HaveAThresholdOnceThereAreK) {
  BestRows best;
  best.reset(2);
  best.offer(3, 0);
  best.cut();
  EXPECT_EQ(best.threshold(), -std::numeric_limits<float>::infinity());
  best.offer(5, 1);
  best.cut();
  EXPECT_EQ(best.threshold(), 3);
  best.offer(4, 2);
  best.offer(3, 3);
  best.cut();
  EXPECT_EQ(best.threshold(), 4);
  best.reset(1);
  EXPECT_TRUE(taken(best).empty());
}

TEST(BestRows, ScoresOfZeroAreFound) {
  BestRows best;
  best.reset(2);
  best.offer(0, 4);
  best.offer(0, 1);
  best.offer(0, 2);
  EXPECT_EQ(taken(best), (Scored{{0, 1}, {0, 2}}));
}

TEST(BestRows, OfNoneAreNone) {
  BestRows best;
  best.reset(0);
  best.offer(1, 1);
  EXPECT_TRUE(taken(best).empty());
}

}  // namespace
}  // namespace whitney::search
