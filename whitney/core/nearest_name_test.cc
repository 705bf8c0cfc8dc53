#include "whitney/core/nearest_name.h"

#include <gtest/gtest.h>

#include <vector>

namespace whitney {
namespace {

const std::vector<std::string> kNames{"walk_length", "dim", "window", "m"};

TEST(NearestName, FindsASwapOfNeighbours) { EXPECT_EQ(nearest_name("walk_lenght", kNames), "walk_length"); }

TEST(NearestName, FindsOneWrongLetterInAShortName) { EXPECT_EQ(nearest_name("din", kNames), "dim"); }

TEST(NearestName, FindsNothingFarAway) {
  EXPECT_EQ(nearest_name("temperature", kNames), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100000, 'x'), kNames), std::nullopt);
}

TEST(NearestName, EndsASentence) {
  EXPECT_EQ(did_you_mean("windw", kNames), "; did you mean \"window\"?");
  EXPECT_EQ(did_you_mean("qqqqqq", kNames), "");
}

}  // namespace
}  // namespace whitney
