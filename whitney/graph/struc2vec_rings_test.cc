#include "whitney/graph/struc2vec_rings.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "whitney/graph/struc2vec_cases_test.h"

namespace whitney::graph {
namespace {

double distance_of(std::vector<RingDegree> a, std::vector<RingDegree> b) {
  std::vector<double> scratch;
  const double forth = ring_distance(a, b, scratch);
  EXPECT_EQ(forth, ring_distance(b, a, scratch));
  return forth;
}

TEST(RingDistance, AlignsSequencesOfDegrees) {
  // Both ones beside the one.
  EXPECT_EQ(distance_of({{1, 1}, {1, 1}, {2, 1}}, {{1, 1}, {2, 1}}), 0);
  // 1, 2 and 3 beside 2: 2/1 - 1, 0 and 3/2 - 1.
  EXPECT_EQ(distance_of({{1, 1}, {2, 1}, {3, 1}}, {{2, 1}}), 1.5);
  // 1 beside 2 and 4 beside 8 cost 1 each; 4 beside 2 would cost 1 more.
  EXPECT_EQ(distance_of({{1, 1}, {4, 1}}, {{2, 1}, {8, 1}}), 2);
}

TEST(RingDistance, CountsEqualDegreesByTheLargerCount) {
  // Two ones beside three ones, and a four beside a two: (4/2 - 1) * 1.
  EXPECT_EQ(distance_of({{1, 2}, {4, 1}}, {{1, 3}, {2, 1}}), 1);
  EXPECT_EQ(distance_of({{3, 5}}, {{1, 2}}), 2 * 5);
}

TEST(RingDegrees, AreThoseAtEachDistance) {
  const Graph graph = path_and_triangle();
  const std::vector<uint32_t> nodes = {0, 3};
  const RingDegrees rings(graph, nodes, 6, true, Context());
  const auto text = [&](int64_t place, int64_t k) {
    std::string result;
    for (const RingDegree& ring : rings.ring(place, k))
      result += std::to_string(ring.degree) + "x" + std::to_string(ring.count) + " ";
    return result;
  };
  // From 0: itself; 1; 2; 3; 4 and 5; nobody. The self-loop of 1 does not count.
  EXPECT_EQ(text(0, 0), "1x1 ");
  EXPECT_EQ(text(0, 1), "2x1 ");
  EXPECT_EQ(text(0, 3), "3x1 ");
  EXPECT_EQ(text(0, 4), "2x2 ");
  EXPECT_EQ(text(0, 5), "");
  EXPECT_EQ(text(1, 1), "2x3 ");
  EXPECT_EQ(text(1, 3), "1x1 ");
  const RingDegrees apart(graph, nodes, 2, false, Context());
  EXPECT_EQ(apart.ring(1, 1).size(), 3U);
}

}  // namespace
}  // namespace whitney::graph
