#include "whitney/core/shuffle_first.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <vector>

namespace whitney {
namespace {

using ::testing::UnorderedElementsAreArray;

TEST(ShuffleFirst, DrawsEachValueAsOftenAndLosesNone) {
  constexpr int kDraws = 10'000;
  std::array<int, 5> drawn{};
  for (uint64_t item = 0; item < kDraws; ++item) {
    std::vector<uint32_t> values = {0, 1, 2, 3, 4};
    RandomStream random(1, "test of shuffle_first", item);
    shuffle_first(std::span(values), 2, random);
    EXPECT_THAT(values, UnorderedElementsAreArray({0, 1, 2, 3, 4}));
    ++drawn[values[0]];
    ++drawn[values[1]];
  }
  // Two of five: five deviations of a binomial of p = 0.4.
  for (const int count : drawn) EXPECT_NEAR(count, 0.4 * kDraws, 5 * std::sqrt(0.24 * kDraws));
}

TEST(ShuffleFirst, DrawsNoneOrAll) {
  std::vector<uint32_t> values(9);
  std::iota(values.begin(), values.end(), 0U);
  const std::vector<uint32_t> before = values;
  RandomStream random(1, "test of shuffle_first", 0);
  shuffle_first(std::span(values), 0, random);
  EXPECT_EQ(values, before);
  shuffle_first(std::span(values), values.size(), random);
  EXPECT_NE(values, before);
  EXPECT_THAT(values, UnorderedElementsAreArray(before));
}

}  // namespace
}  // namespace whitney
