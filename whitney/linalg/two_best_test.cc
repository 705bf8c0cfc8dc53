#include "whitney/linalg/two_best.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(TwoBest, IsWhatSortingGives) {
  at_each_level([] {
    for (const int64_t cols : {16, 32, 48, 240}) {
      constexpr int64_t kRows = 40;
      const int64_t stride = cols + 3;
      // Few different values: most rows have ties, in one lane and across lanes.
      const std::vector<float> values = small_integers(kRows * stride, static_cast<uint64_t>(cols), 30);
      std::vector<TwoBest> found(kRows);
      two_best_of_rows(values.data(), kRows, cols, stride, found.data());
      for (int64_t i = 0; i < kRows; ++i) {
        const auto begin = values.begin() + i * stride;
        std::vector<float> row(begin, begin + cols);
        const auto& [first, second, place] = found[static_cast<size_t>(i)];
        EXPECT_EQ(place, std::max_element(row.begin(), row.end()) - row.begin());
        std::ranges::sort(row, std::greater<>());
        EXPECT_EQ(first, row[0]);
        EXPECT_EQ(second, row[1]);
      }
    }
  });
}

TEST(TwoBest, TakesMinusInfinityForMissingValues) {
  at_each_level([] {
    std::vector<float> values(16, -kInfinity);
    values[6] = -1e30F;
    TwoBest found;
    two_best_of_rows(values.data(), 1, 16, 16, &found);
    EXPECT_EQ(found.place, 6U);
    EXPECT_EQ(found.first, -1e30F);
    EXPECT_EQ(found.second, -kInfinity);
  });
}

}  // namespace
}  // namespace whitney
