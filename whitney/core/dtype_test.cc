#include "whitney/core/dtype.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace whitney {
namespace {

TEST(DType, FindsEachTypeByItsName) {
  for (int i = 0; i <= static_cast<int>(DType::kF64); ++i) {
    const DType dtype = static_cast<DType>(i);
    EXPECT_EQ(dtype_of(name_of(dtype)), dtype);
  }
  EXPECT_EQ(dtype_of("F8"), std::nullopt);
  EXPECT_EQ(size_of(DType::kBF16), 2);
  EXPECT_EQ(size_of(DType::kI64), 8);
}

TEST(Float16, KeepsEveryHalf) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const Float16 half{static_cast<uint16_t>(bits)};
    const float value = to_float(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(to_float(to_float16(value))));
    } else {
      ASSERT_EQ(to_float16(value), half) << bits;
    }
  }
}

TEST(Float16, RoundsToNearestWithTiesToEven) {
  // 1 + 2^-11 lies midway between 1 (even) and 1 + 2^-10; 1 + 3 * 2^-11 midway between 1 + 2^-10 and 1 + 2^-9
  // (even).
  EXPECT_EQ(to_float(to_float16(1 + 0x1p-11f)), 1.0f);
  EXPECT_EQ(to_float(to_float16(1 + 3 * 0x1p-11f)), 1 + 0x1p-9f);
  EXPECT_EQ(to_float(to_float16(1 + 0x1p-11f + 0x1p-20f)), 1 + 0x1p-10f);
}

TEST(Float16, ReachesInfinityBeyondItsRangeAndZeroBelow) {
  EXPECT_EQ(to_float(to_float16(65519.0f)), 65504.0f);
  EXPECT_TRUE(std::isinf(to_float(to_float16(65520.0f))));
  EXPECT_EQ(to_float(to_float16(-std::numeric_limits<float>::max())),
            -std::numeric_limits<float>::infinity());
  EXPECT_EQ(to_float(to_float16(0x1p-24f)), 0x1p-24f);
  EXPECT_EQ(to_float(to_float16(0x1p-26f)), 0.0f);
  EXPECT_TRUE(std::signbit(to_float(to_float16(-0x1p-30f))));
}

}  // namespace
}  // namespace whitney
