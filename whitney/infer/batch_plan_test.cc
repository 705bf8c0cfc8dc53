#include "whitney/infer/batch_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace whitney::infer {
namespace {

using Batches = std::vector<std::vector<int64_t>>;

TEST(BatchPlan, PutsTheLongestFirstAndEachIntoTheLightest) {
  const std::vector<int64_t> lengths{1, 5, 4, 2};
  EXPECT_EQ(plan_batches(lengths, 6, 1), (Batches{{1, 0}, {2, 3}}));
}

TEST(BatchPlan, MakesNoEmptyBatch) {
  const std::vector<int64_t> lengths{3, 3};
  EXPECT_EQ(plan_batches(lengths, 1, 5), (Batches{{0}, {1}}));
  EXPECT_EQ(plan_batches({}, 5, 2), Batches{});
}

TEST(BatchPlan, HoldsEveryPieceOnce) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < 100; ++i) lengths.push_back(i * 37 % 60);
  std::vector<int64_t> seen;
  for (const auto& batch : plan_batches(lengths, 200, 2)) {
    int64_t tokens = 0;
    for (const int64_t piece : batch) tokens += lengths[static_cast<size_t>(piece)];
    EXPECT_LE(tokens, 200 + 59);
    seen.insert(seen.end(), batch.begin(), batch.end());
  }
  std::sort(seen.begin(), seen.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace whitney::infer
