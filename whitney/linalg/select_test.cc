#include "whitney/linalg/select.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "whitney/linalg/each_level_test.h"

namespace whitney {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr uint32_t kUntouched = 4'000'000'000;

std::vector<uint32_t> selected(const std::vector<float>& keys, float limit) {
  std::vector<uint32_t> positions(keys.size() + 16, kUntouched);
  const int64_t count = select_at_most(keys.data(), std::ssize(keys), limit, positions.data());
  positions.resize(static_cast<size_t>(count));
  return positions;
}

TEST(Select, FindsThePositionsAtMostALimit) {
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const std::vector<float> keys = small_integers(n, 1);
      std::vector<uint32_t> expected;
      for (size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] <= -1) expected.push_back(static_cast<uint32_t>(i));
      }
      ASSERT_EQ(selected(keys, -1), expected) << "length " << n;
    }
  });
}

TEST(Select, NeverFindsNaN) {
  at_each_level([] {
    std::vector<float> keys(37, std::numeric_limits<float>::quiet_NaN());
    keys[20] = kInfinity;
    keys[36] = -kInfinity;
    EXPECT_EQ(selected(keys, kInfinity), (std::vector<uint32_t>{20, 36}));
    EXPECT_EQ(selected(keys, -kInfinity), (std::vector<uint32_t>{36}));
  });
}

TEST(Select, FindsThePositionsNotBelowALimitAndNaN) {
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      std::vector<float> values = small_integers(n, 4);
      if (n > 2) values[static_cast<size_t>(n) - 2] = std::numeric_limits<float>::quiet_NaN();
      std::vector<uint32_t> positions(values.size() + 16), expected;
      for (size_t i = 0; i < values.size(); ++i) {
        if (values[i] != values[i] || values[i] >= 2) expected.push_back(static_cast<uint32_t>(i));
      }
      const int64_t count = select_not_below(values.data(), n, 2, positions.data());
      positions.resize(static_cast<size_t>(count));
      ASSERT_EQ(positions, expected) << "length " << n;
    }
  });
}

TEST(Select, ComputesKeysOfValuesAndHasALimitForEach) {
  at_each_level([] {
    for (int64_t n : awkward_lengths()) {
      const std::vector<float> values = small_integers(n, 2), limits = small_integers(n, 3);
      std::vector<uint32_t> positions(values.size() + 16), expected;
      for (size_t i = 0; i < values.size(); ++i) {
        if (1 - 2 * values[i] <= limits[i]) expected.push_back(static_cast<uint32_t>(i));
      }
      const int64_t count = select_keys_at_most(values.data(), n, -2, 1, limits.data(), positions.data());
      positions.resize(static_cast<size_t>(count));
      ASSERT_EQ(positions, expected) << "length " << n;
    }
  });
}

}  // namespace
}  // namespace whitney
