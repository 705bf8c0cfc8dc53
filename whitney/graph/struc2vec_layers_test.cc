#include "whitney/graph/struc2vec_layers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "whitney/graph/struc2vec_cases_test.h"

namespace whitney::graph {
namespace {

TEST(ContextGraph, AddsUpTheDistancesOfRings) {
  const ContextGraph layers(path_and_triangle(), {.num_layers = 6, .limited_pairs = false}, Context());
  // 0 and 1 of degree 1 and 2: 2/1 - 1. Rings 1: {2} and {1, 2}: 1. Rings 2: {2} and {3}: 1/2.
  EXPECT_EQ(layers.distance(0, 0, 1), 1);
  EXPECT_EQ(layers.distance(1, 0, 1), 2);
  EXPECT_EQ(layers.distance(2, 1, 0), 2.5);
  // Node 1 has a ring 3 (4 and 5: {2, 2} as one of count 2, beside {3}: 1/2 * 2), and none 4.
  EXPECT_EQ(layers.distance(3, 0, 1), 3.5);
  EXPECT_EQ(layers.distance(4, 0, 1), std::numeric_limits<double>::infinity());
  EXPECT_EQ(layers.distance(3, 4, 5), 0);
  // 4 and 5 and 0 have rings 4.
  EXPECT_EQ(layers.num_layers(), 5);
  EXPECT_FALSE(layers.has_edges(4, 1));
  EXPECT_FALSE(layers.has_edges(0, 6));  // a node without edges
}

TEST(ContextGraph, GoesUpFromNodesThatManyAreLike) {
  // A star of 5 and a chain of 2: degrees 4, 1, 1, 1, 1 and 1, 1.
  const Graph graph = graph_of(7, {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {5, 6}});
  const ContextGraph layers(graph, {.num_layers = 1, .limited_pairs = false}, Context());
  // Weights of layer 0: 15 pairs of ones at 1, 6 pairs with the hub at exp(-3): the mean is between.
  const auto odds = [](double gamma) {
    const double rise = std::log(gamma + std::numbers::e);
    return rise / (rise + 1);
  };
  EXPECT_NEAR(layers.up(0, 0), odds(0), 1e-6);
  EXPECT_NEAR(layers.up(0, 1), odds(5), 1e-6);
}

TEST(ContextGraph, ComparesNodesWithThoseOfNearDegree) {
  EXPECT_EQ(context_reach(1000, true), 10);
  EXPECT_EQ(context_reach(1000, false), 999);
  EXPECT_EQ(context_reach(2, true), 1);
  EXPECT_EQ(context_reach(1, true), 0);
  const Graph graph = random_graph(64, 200);
  const ContextGraph all(graph, {.limited_pairs = false}, Context()), some(graph, {}, Context());
  int64_t joined = 0;
  for (uint32_t u = 0; u < 64; ++u) {
    for (uint32_t v = 0; v < u; ++v) {
      const double distance = some.distance(0, u, v);
      if (!std::isfinite(distance)) continue;
      EXPECT_EQ(distance, all.distance(0, u, v));
      ++joined;
    }
  }
  EXPECT_EQ(joined, 6 * 64 - 6 * 7 / 2);  // 6 after each, but for the last six
}

}  // namespace
}  // namespace whitney::graph
