#include "whitney/linalg/ranked_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Packed {
  std::vector<float> scores;
  std::vector<uint32_t> places;
};

Packed packed(const std::vector<float>& scores, float least, uint32_t skipped) {
  Packed result;
  result.scores.resize(scores.size() + 16);
  result.places.resize(scores.size() + 16);
  const auto count =
      static_cast<size_t>(pack_scores(scores, least, skipped, result.scores.data(), result.places.data()));
  result.scores.resize(count);
  result.places.resize(count);
  return result;
}

TEST(DescendingKeys, OrderScoresFromHighToLow) {
  const std::vector<float> scores = {kInfinity, 3e38F, 1, 1e-40F, 0, -1e-40F, -1, -3e38F, -kInfinity, kNaN};
  for (size_t i = 1; i < scores.size(); ++i)
    EXPECT_LT(descending_key(scores[i - 1]), descending_key(scores[i])) << i;
  EXPECT_EQ(descending_key(-0.0F), descending_key(0.0F));
}

TEST(DescendingKeys, AreThoseOfEachScore) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      std::vector<float> scores = random_floats(length, static_cast<uint64_t>(length), 90);
      for (size_t i = 0; i < scores.size(); i += 5)
        scores[i] = std::vector{0.0F, -0.0F, kNaN, -kNaN, -kInfinity, 1e-40F}[i / 5 % 6];
      std::vector<uint32_t> found(scores.size()), expected;
      for (const float score : scores) expected.push_back(descending_key(score));
      descending_keys(scores, found.data());
      EXPECT_EQ(found, expected) << length;
    }
  });
}

TEST(CountEqual, CountsBytesOfAnyNumber) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      std::vector<uint8_t> bytes;
      RandomStream random(1, "bytes", static_cast<uint64_t>(length));
      for (int64_t i = 0; i < length; ++i) bytes.push_back(static_cast<uint8_t>(253 + random.below(3)));
      EXPECT_EQ(count_equal(bytes, 254), std::ranges::count(bytes, 254)) << length;
      EXPECT_EQ(count_equal(bytes, 1), 0);
    }
  });
}

TEST(RankedScores, FindTheLeastOfThoseMarked) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      const std::vector<float> scores = random_floats(length, static_cast<uint64_t>(length));
      const Guarded<float> kept = guarded(scores, 1);
      for (const uint64_t chance : {1, 2, 9}) {
        std::vector<uint8_t> marks;
        float least = kInfinity;
        RandomStream random(1, "marks", chance);
        for (const float score : scores) {
          marks.push_back(random.below(chance) == 0 ? static_cast<uint8_t>(1 + random.below(255)) : 0);
          if (marks.back() != 0) least = std::min(least, score);
        }
        const float found = least_marked({kept.data(), scores.size()}, marks);
        if (least == kInfinity) {
          EXPECT_TRUE(std::isnan(found)) << length;
        } else {
          EXPECT_EQ(found, least) << length;
        }
      }
    }
  });
}

TEST(RankedScores, OfWhichOneIsNoNumberHaveNoLeast) {
  at_each_level([] {
    for (const size_t place : {0U, 7U, 33U}) {
      std::vector<float> scores(34, 1);
      scores[place] = kNaN;
      EXPECT_TRUE(std::isnan(least_marked(scores, std::vector<uint8_t>(34, 1))));
      std::vector<uint8_t> others(34, 1);
      others[place] = 0;
      EXPECT_EQ(least_marked(scores, others), 1);
    }
  });
}

TEST(RankedScores, ArePackedInOrder) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      const std::vector<float> scores = small_integers(length, static_cast<uint64_t>(length));
      for (const float least : {-kInfinity, -1.0F, 2.0F, 4.0F}) {
        const auto skipped = static_cast<uint32_t>(length / 2);
        const Packed found = packed(scores, least, skipped);
        Packed expected;
        for (uint32_t i = 0; i < scores.size(); ++i) {
          if (i == skipped || scores[i] < least) continue;
          expected.scores.push_back(scores[i]);
          expected.places.push_back(i);
        }
        EXPECT_EQ(found.scores, expected.scores);
        EXPECT_EQ(found.places, expected.places);
      }
    }
  });
}

TEST(RankedScores, ThatAreNoNumbersArePackedWhereAllAre) {
  at_each_level([] {
    std::vector<float> scores(40, 1);
    scores[3] = scores[39] = kNaN;
    EXPECT_EQ(packed(scores, 0, 5).scores.size(), 37U);
    EXPECT_EQ(packed(scores, kNaN, 5).scores.size(), 39U);
  });
}

TEST(RankedScores, AreSpreadAroundTheirMean) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      if (length == 0) continue;
      const std::vector<float> scores = small_integers(length, static_cast<uint64_t>(length));
      const Guarded<float> kept = guarded(scores, 1);
      double mean = 0, deviation = 0;
      for (const float score : scores) mean += score / double(length);
      for (const float score : scores) deviation += std::abs(score - mean) / double(length);
      const ScoreSpread found = spread_of({kept.data(), scores.size()});
      EXPECT_NEAR(found.mean, mean, 4 * kUnit * 3);
      EXPECT_NEAR(found.deviation, deviation, 4 * double(length) * kUnit * 3);
    }
    EXPECT_FALSE(std::isfinite(spread_of(std::vector<float>{1, kInfinity, 2}).deviation));
    EXPECT_FALSE(std::isfinite(spread_of(std::vector<float>{1, kNaN, 2}).deviation));
  });
}

TEST(RankedScores, FallIntoBucketsInOrder) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      if (length < 2) continue;
      std::vector<float> scores = random_floats(length, static_cast<uint64_t>(length), 9);
      std::ranges::sort(scores, std::greater<>());
      std::vector<uint32_t> found(scores.size());
      bucket_scores(scores, spread_of(scores), 80, found.data());
      EXPECT_TRUE(std::ranges::is_sorted(found)) << length;
      EXPECT_LT(found.back(), 80U);
    }
  });
}

// With a mean of 10 and c = 7, half of the buckets lie within 7 of the mean.
TEST(RankedScores, FallIntoBucketsByTheShareThatIsBefore) {
  at_each_level([] {
    const std::vector<float> scores = {1e30F, 24, 17, 12.3F, 10.9F, 10, 9.1F, 7.7F, 3, -4, -1e30F};
    std::vector<uint32_t> found(scores.size());
    bucket_scores(scores, {10, 10}, 16, found.data());
    EXPECT_EQ(found, (std::vector<uint32_t>{0, 2, 4, 6, 7, 8, 8, 9, 12, 13, 15}));
  });
}

TEST(SortNearlySorted, PutsNeighboursInOrder) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      for (const int64_t reach : {1, 2, 5}) {
        std::vector<uint64_t> entries;
        RandomStream random(1, "entries", static_cast<uint64_t>(length));
        for (int64_t i = 0; i < length; ++i)
          entries.push_back((uint64_t{1} << 63) - 50 + static_cast<uint64_t>(i) +
                            random.below(static_cast<uint64_t>(reach) + 1));
        std::vector<uint64_t> expected = entries;
        std::ranges::sort(expected);
        sort_nearly_sorted(entries);
        EXPECT_EQ(entries, expected) << length << " " << reach;
      }
    }
  });
}

}  // namespace
}  // namespace whitney
