#include "whitney/eval/svg.h"

#include <gtest/gtest.h>

namespace whitney::eval {
namespace {

TEST(Svg, KeepsTextsFromEndingTags) {
  EXPECT_EQ(svg_escaped("a < b & c"), "a &lt; b &amp; c");
  EXPECT_EQ(svg_number(0.123456), "0.1235");
}

}  // namespace
}  // namespace whitney::eval
