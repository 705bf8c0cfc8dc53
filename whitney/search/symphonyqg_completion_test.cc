#include "whitney/search/symphonyqg_completion.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace whitney::search {
namespace {

TEST(CompleteByAngle, TakesTheWidestAnglesThatFill) {
  // From the base at 0: a at (1, 0) is chosen; b at (1.1, 0.1) lies behind it, c at (0, 2) across. One more
  // is wanted: the least bar lets c in, though b is nearer.
  const std::vector<std::array<double, 2>> points = {{1, 0}, {1.1, 0.1}, {0, 2}};
  std::vector<std::vector<float>> distances(3, std::vector<float>(3));
  std::vector<LinkCandidate> candidates;
  for (size_t i = 0; i < 3; ++i) {
    const auto& [x, y] = points[i];
    candidates.push_back({static_cast<uint32_t>(i), static_cast<float>(x * x + y * y), i == 0});
    for (size_t j = 0; j < 3; ++j)
      distances[i][j] = static_cast<float>(std::pow(x - points[j][0], 2) + std::pow(y - points[j][1], 2));
  }
  const auto rows = [&](size_t i) { return static_cast<const float*>(distances[i].data()); };
  std::vector<LinkCandidate> two = candidates;
  complete_by_angle(two, 2, rows);
  EXPECT_TRUE(two[0].chosen && !two[1].chosen && two[2].chosen);
  complete_by_angle(candidates, 3, rows);
  EXPECT_TRUE(candidates[0].chosen && candidates[1].chosen && candidates[2].chosen);
}

}  // namespace
}  // namespace whitney::search
