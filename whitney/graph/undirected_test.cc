#include "whitney/graph/undirected.h"

#include <gtest/gtest.h>

#include <vector>

namespace whitney::graph {
namespace {

TEST(Undirected, AddsUpTheWeightsOfBothDirections) {
  const std::vector<uint32_t> sources = {0, 1, 1, 2}, targets = {1, 0, 2, 2};
  const std::vector<float> weights = {2, 3, 4, 5};
  const Graph directed = build_graph(Ids::row_numbers(4), {sources, targets, weights}, true, {});
  const Graph graph = without_directions(directed, {});
  EXPECT_FALSE(graph.directed);
  EXPECT_EQ(graph.num_edges(), 3);  // 0-1, 1-2 and the loop at 2
  EXPECT_EQ(graph.neighbors(2).size(), 2);
  EXPECT_EQ(graph.neighbor_weights(0)[0], 5);
  EXPECT_EQ(graph.neighbor_weights(2)[0], 4);
  EXPECT_EQ(graph.neighbor_weights(2)[1], 5);
}

}  // namespace
}  // namespace whitney::graph
