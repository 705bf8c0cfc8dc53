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
  float greatest = 0;
};

Packed packed(const std::vector<float>& scores, float least, uint32_t skipped) {
  Packed result;
  result.scores.resize(scores.size() + 16);
  result.places.resize(scores.size() + 16);
  const PackedScores found = pack_scores(scores, least, skipped, result.scores.data(), result.places.data());
  result.scores.resize(static_cast<size_t>(found.count));
  result.places.resize(static_cast<size_t>(found.count));
  result.greatest = found.greatest;
  return result;
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
        expected.greatest = -kInfinity;
        for (uint32_t i = 0; i < scores.size(); ++i) {
          if (i == skipped || scores[i] < least) continue;
          expected.scores.push_back(scores[i]);
          expected.places.push_back(i);
          expected.greatest = std::max(expected.greatest, scores[i]);
        }
        EXPECT_EQ(found.scores, expected.scores);
        EXPECT_EQ(found.places, expected.places);
        EXPECT_EQ(found.greatest, expected.greatest);
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

TEST(RankedScores, FallIntoBucketsInOrder) {
  at_each_level([] {
    for (const int64_t length : awkward_lengths()) {
      if (length == 0) continue;
      std::vector<float> scores = random_floats(length, static_cast<uint64_t>(length));
      std::ranges::sort(scores, std::greater<>());
      const float width = (scores.front() - scores.back()) / 90;
      std::vector<uint32_t> found(scores.size());
      bucket_scores(scores, scores.front(), width > 0 ? 1 / width : 1, 80, found.data());
      EXPECT_EQ(found.front(), 0U);
      EXPECT_TRUE(std::ranges::is_sorted(found));
      if (length > 1) {
        EXPECT_EQ(found.back(), 80U);
      }
    }
    const std::vector<float> scores = {3, 2.75F, 2.5F, 1, 0};
    std::vector<uint32_t> found(5);
    bucket_scores(scores, 3, 2, 5, found.data());
    EXPECT_EQ(found, (std::vector<uint32_t>{0, 0, 1, 4, 5}));
  });
}

}  // namespace
}  // namespace whitney
