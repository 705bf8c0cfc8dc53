#include "whitney/data/decimal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace whitney::data {
namespace {

TEST(ParseFloat, ReadsNumbersAndNothingElse) {
  EXPECT_EQ(parse_float("1"), 1.0F);
  EXPECT_EQ(parse_float("+2.5"), 2.5F);
  EXPECT_EQ(parse_float("-3e-4"), -3e-4F);
  for (const char* text : {"", "+", "1 ", " 1", "1,5", "1.5f", "+-1", "0x10", "nan", "inf", "-inf", "word"}) {
    EXPECT_EQ(parse_float(text), std::nullopt) << text;
  }
}

TEST(ParseFloat, RoundsOnce) {
  // 1 + 2^-24 + 2^-60: above the middle between 1 and the next float; a double would land on the middle and
  // round down.
  EXPECT_EQ(parse_float("1.00000005960464477626"), 1 + std::numeric_limits<float>::epsilon());
}

TEST(ParseFloat, TellsTooLargeFromTooSmall) {
  EXPECT_EQ(parse_float("1e39"), std::nullopt);
  EXPECT_EQ(parse_float("-1e999"), std::nullopt);
  EXPECT_EQ(parse_float("1e-60"), 0.0F);
  EXPECT_EQ(parse_float("1e-45"), std::numeric_limits<float>::denorm_min());
}

RC_GTEST_PROP(AppendFloat, ReadsBackAsTheSameBits, (uint32_t bits)) {
  const auto value = std::bit_cast<float>(bits);
  RC_PRE(std::isfinite(value));
  std::string text;
  append_float(text, value);
  const auto back = parse_float(text);
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::bit_cast<uint32_t>(*back) == bits);
}

}  // namespace
}  // namespace whitney::data
