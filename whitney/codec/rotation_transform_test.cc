#include "whitney/codec/rotation_transform.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"

namespace whitney::codec {
namespace {

std::vector<float> normal_values(int64_t size) {
  RandomStream random(42, "rotation test", static_cast<uint64_t>(size));
  std::vector<float> values(static_cast<size_t>(size));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

// The map as docs/file-format.md tells it, a pair at a time.
std::vector<float> turned_by_hand(const RotationTransform& rotation, std::vector<float> values) {
  const size_t size = values.size(), power = std::bit_floor(size);
  for (size_t round = 0; round < 4; ++round) {
    for (size_t i = 0; i < size; ++i) {
      if (rotation.signs()[static_cast<int64_t>(round * size + i)] != 0) values[i] = -values[i];
    }
    float* part = values.data() + (round % 2 == 0 ? 0 : size - power);
    for (size_t half = 1; half < power; half *= 2) {
      for (size_t i = 0; i < power; ++i) {
        if ((i & half) != 0) continue;
        const float a = part[i], b = part[i + half];
        part[i] = a + b;
        part[i + half] = a - b;
      }
    }
    const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(power)));
    for (size_t i = 0; i < power; ++i) part[i] *= factor;
    if (power == size) continue;
    for (size_t i = 0; i < size / 2; ++i) {
      const float a = values[i], b = values[size / 2 + i];
      values[i] = (a + b) * static_cast<float>(1 / std::numbers::sqrt2);
      values[size / 2 + i] = (a - b) * static_cast<float>(1 / std::numbers::sqrt2);
    }
  }
  return values;
}

TEST(RotationTransform, GivesTheBitsOfTheFormulaAtEverySimdLevel) {
  for (const int64_t size : {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 96, 100, 385, 784, 1024}) {
    const RotationTransform rotation(size, 7);
    const std::vector<float> values = normal_values(size), expected = turned_by_hand(rotation, values);
    for (const std::string& level : simd_levels()) {
      set_simd_level(level);
      std::vector<float> turned(values.size()), back(values.size());
      rotation.apply(values.data(), turned.data());
      EXPECT_EQ(turned, expected) << size << " at " << level;
      rotation.invert(turned.data(), back.data());
      for (size_t i = 0; i < values.size(); ++i)
        EXPECT_NEAR(back[i], values[i], 1e-5) << size << " at " << level;
    }
  }
  set_simd_level("");
}

}  // namespace
}  // namespace whitney::codec
