#include "whitney/core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "whitney/core/hash.h"

namespace whitney {
namespace {

TEST(RandomStream, IsPhilox4x32With10Rounds) {
  // A seed equal to the purpose's hash makes the key 0: the known answer of the paper's code for key 0,
  // counter 0.
  RandomStream stream(hash64("x"), "x", 0);
  EXPECT_EQ(stream.next_u32(), 0x6627e8d5u);
  EXPECT_EQ(stream.next_u32(), 0xe169c58du);
  EXPECT_EQ(stream.next_u32(), 0xbc57ac4cu);
  EXPECT_EQ(stream.next_u32(), 0x9b00dbd8u);
}

TEST(RandomStream, DependsOnSeedPurposeAndItemOnly) {
  const auto first = [](uint64_t seed, const char* purpose, uint64_t item) {
    return RandomStream(seed, purpose, item).next_u64();
  };
  EXPECT_EQ(first(1, "a", 2), first(1, "a", 2));
  EXPECT_NE(first(1, "a", 2), first(2, "a", 2));
  EXPECT_NE(first(1, "a", 2), first(1, "b", 2));
  EXPECT_NE(first(1, "a", 2), first(1, "a", 3));
}

TEST(RandomStream, IsUniform) {
  // Mean 1/2 and variance 1/12: five deviations of the mean of n draws are 5 / sqrt(12 n).
  RandomStream stream(42, "uniform", 0);
  const int n = 100000;
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    const double value = stream.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / n, 0.5, 5 / std::sqrt(12.0 * n));
}

TEST(RandomStream, DrawsBelowABoundWithoutBias) {
  RandomStream stream(42, "below", 0);
  const int n = 60000;
  std::vector<int> counts(6);
  for (int i = 0; i < n; ++i) ++counts[stream.below(6)];
  for (int count : counts) EXPECT_NEAR(count, n / 6.0, 5 * std::sqrt(n * (1 / 6.0) * (5 / 6.0)));
  EXPECT_EQ(stream.below(1), 0u);
}

TEST(RandomStream, IsNormal) {
  RandomStream stream(42, "normal", 0);
  const int n = 100000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double value = stream.normal();
    sum += value;
    squares += value * value;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));            // deviation of the mean: 1 / sqrt(n)
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));  // deviation of the second moment: sqrt(2 / n)
}

TEST(RandomStream, PermutesWithoutLoss) {
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  RandomStream(7, "shuffle", 0).shuffle(std::span(values));
  EXPECT_FALSE(std::is_sorted(values.begin(), values.end()));
  std::sort(values.begin(), values.end());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(values[static_cast<size_t>(i)], i);
}

}  // namespace
}  // namespace whitney
