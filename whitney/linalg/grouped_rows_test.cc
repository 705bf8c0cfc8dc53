#include "whitney/linalg/grouped_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

using testing::ElementsAre;

TEST(GroupedRows, GroupsPlacesByKeysThatAscend) {
  const std::vector<uint32_t> keys = {4'000'000'000, 7, 0, 7, 4'000'000'000, 2049, 7};
  const GroupedPlaces groups = grouped_places(keys);
  EXPECT_THAT(groups.keys, ElementsAre(0, 7, 2049, 4'000'000'000));
  EXPECT_THAT(groups.offsets, ElementsAre(0, 1, 4, 5, 7));
  EXPECT_THAT(groups.places, ElementsAre(2, 1, 3, 6, 5, 0, 4));
  EXPECT_EQ(grouped_places({}).num_groups(), 0);
}

TEST(GroupedRows, SumsInTheOrderOfPlacesAtAnyNumberOfThreads) {
  constexpr int64_t kRows = 20'000, kDim = 5;
  RandomStream random(42, "keys", 0);
  std::vector<uint32_t> keys(kRows);
  for (uint32_t& key : keys) key = static_cast<uint32_t>(random.below(7000));
  const std::vector<float> rows = random_floats(kRows * kDim, 1);
  std::map<uint32_t, std::vector<float>> expected;
  for (size_t i = 0; i < keys.size(); ++i) {
    auto& sum = expected[keys[i]];
    sum.resize(kDim, 0.0F);
    for (size_t c = 0; c < kDim; ++c) sum[c] += rows[i * kDim + c];
  }
  const GroupedPlaces groups = grouped_places(keys);
  ASSERT_EQ(groups.keys.size(), expected.size());
  for (const int threads : {1, 2, 5}) {
    std::vector<float> out(expected.size() * kDim);
    sum_groups(with_threads(threads), groups, rows.data(), kDim, out.data());
    size_t g = 0;
    for (const auto& [key, sum] : expected) {
      EXPECT_EQ(groups.keys[g], key);
      EXPECT_TRUE(std::equal(sum.begin(), sum.end(), out.begin() + static_cast<int64_t>(g * kDim)));
      ++g;
    }
  }
}

}  // namespace
}  // namespace whitney
