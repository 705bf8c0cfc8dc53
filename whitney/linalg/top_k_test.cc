#include "whitney/linalg/top_k.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

using Entries = std::vector<TopK::Entry>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(TopK, KeepsTheSmallestKeysBestFirst) {
  TopK top(2);
  top.push(3, 0);
  top.push(1, 1);
  top.push(2, 2);
  EXPECT_EQ(top.take(), (Entries{{1, 1}, {2, 2}}));
}

TEST(TopK, OfEqualKeysKeepsTheSmallerRowWhateverTheOrder) {
  TopK ascending(2), descending(2);
  for (uint32_t row : {0u, 1u, 2u, 3u}) ascending.push(5, row);
  for (uint32_t row : {3u, 2u, 1u, 0u}) descending.push(5, row);
  const Entries expected{{5, 0}, {5, 1}};
  EXPECT_EQ(ascending.take(), expected);
  EXPECT_EQ(descending.take(), expected);
}

TEST(TopK, KeepsAllWhenThereAreFewer) {
  TopK top(5);
  top.push(2, 7);
  top.push(kInfinity, 8);
  EXPECT_EQ(top.bound(), kInfinity);
  EXPECT_EQ(top.take(), (Entries{{2, 7}, {kInfinity, 8}}));
}

TEST(TopK, BoundIsTheLargestKeyKept) {
  TopK top(2);
  top.push(3, 0);
  EXPECT_EQ(top.bound(), kInfinity);
  top.push(1, 1);
  EXPECT_EQ(top.bound(), 3);
  top.push(2, 2);
  EXPECT_EQ(top.bound(), 2);
}

TEST(TopK, OfNothingStaysEmpty) {
  for (int64_t k : {0, -3}) {
    TopK top(k);
    top.push(-kInfinity, 0);
    top.push_run(std::vector<float>{1, 2, 3}, 0);
    EXPECT_TRUE(top.take().empty());
  }
}

TEST(TopK, NeverKeepsNaN) {
  TopK top(2);
  top.push(NAN, 0);
  top.push_run(std::vector<float>(20, NAN), 1);
  top.push(1, 30);
  EXPECT_EQ(top.take(), (Entries{{1, 30}}));
}

TEST(TopK, BeginsAnewAfterItsEntriesAreTaken) {
  TopK top(1);
  top.push(1, 0);
  top.take();
  EXPECT_EQ(top.bound(), kInfinity);
  top.push(2, 1);
  EXPECT_EQ(top.take(), (Entries{{2, 1}}));
}

TEST(TopK, TakesARunAsItWouldItsKeysOneByOne) {
  at_each_level([] {
    // Longer than the 1,024 keys that are selected at once, with many ties.
    const std::vector<float> keys = small_integers(2500, 1, 50);
    for (int64_t k : {1, 10, 1500, 3000}) {
      TopK run(k), single(k);
      run.push_run(keys, 100);
      for (size_t i = 0; i < keys.size(); ++i) single.push(keys[i], static_cast<uint32_t>(100 + i));
      EXPECT_EQ(run.take(), single.take()) << k;
    }
  });
}

RC_GTEST_PROP(TopK, IsTheHeadOfTheSortedList, (std::vector<int8_t> numbers)) {
  const auto k = *rc::gen::inRange<int64_t>(0, 20);
  Entries sorted;
  TopK top(k);
  for (size_t i = 0; i < numbers.size(); ++i) {
    sorted.push_back({static_cast<float>(numbers[i]), static_cast<uint32_t>(i)});
    top.push(sorted.back().key, sorted.back().row);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const TopK::Entry& a, const TopK::Entry& b) { return a.key < b.key; });
  sorted.resize(std::min(sorted.size(), static_cast<size_t>(k)));
  RC_ASSERT(top.take() == sorted);
}

}  // namespace
}  // namespace whitney
