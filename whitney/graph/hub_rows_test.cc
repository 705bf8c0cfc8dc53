#include "whitney/graph/hub_rows.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

bool has_edge(const Graph& graph, uint32_t from, uint32_t to) {
  const auto neighbors = graph.neighbors(from);
  return std::ranges::find(neighbors, to) != neighbors.end();
}

/// Holds every bit against the lists, and gives how many pairs have one.
int64_t checked_pairs(const Graph& graph, const HubRows& rows) {
  int64_t num_pairs = 0;
  for (uint32_t u = 0; u < graph.num_nodes(); ++u) {
    for (uint32_t v = 0; v < graph.num_nodes(); ++v) {
      const HubRows::Bit bit = rows.bit_of(u, v);
      if (bit.word == nullptr) continue;
      ++num_pairs;
      EXPECT_EQ(bit.is_set(), has_edge(graph, u, v)) << u << " " << v;
    }
  }
  return num_pairs;
}

TEST(HubRows, TellEveryEdgeWhereAllHaveRows) {
  const Graph graph = karate();
  const HubRows rows(graph, 34 * 8);
  EXPECT_EQ(rows.num_rows(), 34);
  EXPECT_EQ(checked_pairs(graph, rows), 34 * 34);
}

TEST(HubRows, AreThoseOfTheMostEdgesThatFit) {
  const Graph graph = karate();  // degrees: 33 has 17, 0 has 16, 32 has 12, 2 has 10
  const HubRows rows(graph, 4 * 8 + 7);
  EXPECT_EQ(rows.num_rows(), 4);
  // A pair has a bit where either end has a row.
  EXPECT_EQ(checked_pairs(graph, rows), 34 * 34 - 30 * 30);
  EXPECT_NE(rows.bit_of(2, 9).word, nullptr);
  EXPECT_EQ(rows.bit_of(1, 9).word, nullptr);
  EXPECT_TRUE(HubRows(graph, 7).empty());
}

TEST(HubRows, OfDirectedEdgesTellWhereTheyLeadOnly) {
  const Graph graph = graph_of(70, {{0, 1}, {0, 69}, {0, 64}, {1, 0}, {2, 0}}, {}, true);
  const HubRows rows(graph, 16);
  ASSERT_EQ(rows.num_rows(), 1);
  EXPECT_EQ(checked_pairs(graph, rows), 70);
  EXPECT_EQ(rows.bit_of(2, 0).word, nullptr);
}

TEST(HubRows, AreNoLongerThanEightLists) {
  // 2,049 nodes: a row of 33 words is as long as eight lists of 8.25 targets.
  Edges edges;
  for (uint32_t v = 10; v < 19; ++v) edges.emplace_back(0, v);
  for (uint32_t v = 20; v < 28; ++v) edges.emplace_back(1, v);
  const HubRows rows(graph_of(2049, edges, {}, true), 1 << 20);
  EXPECT_EQ(rows.num_rows(), 1);
  EXPECT_NE(rows.bit_of(0, 5).word, nullptr);
}

}  // namespace
}  // namespace whitney::graph
