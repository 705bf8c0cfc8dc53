#include "whitney/core/alias_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace whitney {
namespace {

/// The probabilities that the slots stand for.
std::vector<double> law_of(const std::vector<AliasSlot>& slots) {
  std::vector<double> law(slots.size());
  const auto n = static_cast<double>(slots.size());
  for (size_t i = 0; i < slots.size(); ++i) {
    const double own = slots[i].threshold == UINT32_MAX ? 1 : slots[i].threshold / 4294967296.0;
    law[i] += own / n;
    law[slots[i].other] += (1 - own) / n;
  }
  return law;
}

TEST(AliasTable, StandsForTheWeights) {
  const std::vector<double> weights = {1, 0, 7.5, 0.25, 3, 100, 0};
  const std::vector<double> law = law_of(make_alias_slots(weights));
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(law[i], weights[i] / 111.75, 1e-8) << i;
}

TEST(AliasTable, NeverDrawsWeightZero) {
  // 0.1 + 0.2 + 0.3 is not 0.6 in binary: the last place of a list is left over by rounding.
  const std::vector<double> weights = {0.1, 0.2, 0.3, 0, 0.6, 0};
  const std::vector<AliasSlot> slots = make_alias_slots(weights);
  for (const size_t i : {3U, 5U}) EXPECT_EQ(slots[i].threshold, 0U);
  for (const AliasSlot& slot : slots) EXPECT_TRUE(slot.other != 3 && slot.other != 5);
}

TEST(AliasTable, DrawsByFrequency) {
  const std::vector<double> weights = {1, 2, 3, 4};
  const std::vector<AliasSlot> slots = make_alias_slots(weights);
  FastRandom random(42, "test", 0);
  constexpr int kDraws = 100000;
  std::vector<double> seen(4);
  for (int i = 0; i < kDraws; ++i) ++seen[draw_alias(slots, random.next_u64())];
  for (size_t i = 0; i < 4; ++i) {
    const double p = weights[i] / 10;
    EXPECT_NEAR(seen[i] / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws));
  }
}

TEST(AliasTable, OfEachRowIsThatOfItsWeights) {
  const std::vector<int64_t> offsets = {0, 3, 3, 4, 6};
  const std::vector<float> weights = {1, 2, 5, 7, 0, 3};
  const Array<AliasSlot> rows = make_alias_rows(offsets, weights, Context());
  ASSERT_EQ(rows.size(), 6);
  for (size_t row = 0; row + 1 < offsets.size(); ++row) {
    const std::vector<double> own(weights.begin() + offsets[row], weights.begin() + offsets[row + 1]);
    const std::vector<AliasSlot> want = make_alias_slots(own);
    for (size_t i = 0; i < own.size(); ++i) {
      EXPECT_EQ(rows[offsets[row] + static_cast<int64_t>(i)].threshold, want[i].threshold);
      EXPECT_EQ(rows[offsets[row] + static_cast<int64_t>(i)].other, want[i].other);
    }
  }
}

TEST(AliasTable, TakesWeightsThatAreAllZeroOrOne) {
  EXPECT_EQ(make_alias_slots(std::vector<double>{0, 0})[1].other, 1U);
  EXPECT_EQ(draw_alias(make_alias_slots(std::vector<double>{5}), UINT64_MAX), 0U);
  EXPECT_TRUE(make_alias_slots(std::vector<double>{}).empty());
}

}  // namespace
}  // namespace whitney
