#include "whitney/linalg/candidates.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

TEST(Candidates, KeepThoseThatAreCertainAndThoseThatMayBe) {
  std::vector<Candidates> parts(1, Candidates(2));
  parts[0].add(1.0f, 0.25f, 10);
  parts[0].add(2.0f, 0.25f, 11);  // the second best has a key of at most 2.25
  parts[0].add(2.4f, 0.25f, 12);  // may be 2.15
  parts[0].add(2.75f, 0.25f, 13);
  EXPECT_EQ(merge_candidates(parts, 2), (std::vector<uint32_t>{10, 11, 12}));
}

TEST(Candidates, KeepARowOfWhichNothingIsKnown) {
  std::vector<Candidates> parts(1, Candidates(1));
  parts[0].add_always(3);
  parts[0].add(-100.0f, 0, 5);
  EXPECT_EQ(merge_candidates(parts, 1), (std::vector<uint32_t>{3, 5}));
}

TEST(Candidates, OfEqualKeysAreAllKept) {
  std::vector<Candidates> parts(1, Candidates(1));
  for (uint32_t row = 0; row < 1000; ++row) parts[0].add(5.0f, 0, row);
  EXPECT_EQ(merge_candidates(parts, 1).size(), 1000u);
}

TEST(Candidates, LimitFallsAsBetterRowsCome) {
  Candidates candidates(1);
  for (uint32_t row = 0; row < 1000; ++row) candidates.add(1000.0f - static_cast<float>(row), 0.5f, row);
  EXPECT_LT(candidates.limit(), 1000.0f);
  candidates.finish();
  EXPECT_EQ(candidates.limit(), 1.5f);
}

RC_GTEST_PROP(Candidates, NeverLoseOneOfTheBest, (std::vector<int16_t> numbers)) {
  // Exact keys differ from the keys given by at most the margin; the parts see them in turns.
  const auto k = *rc::gen::inRange<int64_t>(1, 10);
  const float margin = 3;
  std::vector<Candidates> parts(3, Candidates(k));
  std::vector<std::pair<float, uint32_t>> exact;
  RandomStream random(42, "errors", static_cast<uint64_t>(numbers.size()));
  for (size_t repeat = 0; repeat < 20; ++repeat) {
    for (int16_t number : numbers) {
      const auto row = static_cast<uint32_t>(exact.size());
      const float key = static_cast<float>(number % 100);
      exact.emplace_back(key, row);
      parts[row % 3].add(key + static_cast<float>(random.below(7)) - 3.0f, margin, row);
    }
  }
  const std::vector<uint32_t> kept = merge_candidates(parts, k);
  std::sort(exact.begin(), exact.end());
  for (size_t i = 0; i < std::min(exact.size(), static_cast<size_t>(k)); ++i) {
    RC_ASSERT(std::binary_search(kept.begin(), kept.end(), exact[i].second));
  }
}

}  // namespace
}  // namespace whitney
