#include "whitney/graph/line_edges.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/graph_matrix.h"

namespace whitney::graph {
namespace {

/// Pearson's statistic of drawn edges against the weights, less its expectation, in its deviations.
double surplus(const Graph& graph, const Dense& weights) {
  constexpr int kDraws = 100000;
  const EdgeSampler sampler(graph, degrees_of(graph, Context()), Context());
  Dense seen(weights.size(), std::vector<double>(weights.size()));
  FastRandom random(42, "test", 0);
  for (int i = 0; i < kDraws; ++i) {
    const DrawnEdge edge = sampler.draw(random);
    ++seen[edge.source][edge.target];
  }
  double volume = 0, statistic = 0, places = -1;
  for (const auto& row : weights) volume += sum(row);
  for (size_t u = 0; u < weights.size(); ++u) {
    for (size_t v = 0; v < weights.size(); ++v) {
      const double expected = kDraws * weights[u][v] / volume;
      if (expected == 0) {
        EXPECT_EQ(seen[u][v], 0) << u << " " << v;
        continue;
      }
      statistic += (seen[u][v] - expected) * (seen[u][v] - expected) / expected;
      ++places;
    }
  }
  return (statistic - places) / std::sqrt(2 * places);
}

TEST(EdgeSampler, DrawsByWeight) {
  const Edges edges = {{0, 1}, {0, 2}, {1, 2}, {2, 3}, {4, 3}, {4, 4}};
  const std::vector<float> weights = {1, 2, 0.5F, 4, 3, 0.25F};
  for (const bool directed : {false, true}) {
    const Graph graph = graph_of(6, edges, weights, directed);
    EXPECT_LT(surplus(graph, dense_of(graph)), 5) << directed;
    // The test can tell: the draws are not those of a graph without weights.
    EXPECT_GT(surplus(graph, dense_of(graph_of(6, edges, {}, directed))), 5) << directed;
  }
  EXPECT_LT(surplus(karate(), dense_of(karate())), 5);
}

}  // namespace
}  // namespace whitney::graph
