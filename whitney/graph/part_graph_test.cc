#include "whitney/graph/part_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;

// The edges of a piece by rows of the whole.
std::set<std::pair<uint32_t, uint32_t>> edges_of(const PartGraph& piece) {
  std::set<std::pair<uint32_t, uint32_t>> edges;
  for (int64_t i = 0; i < piece.graph.num_nodes(); ++i) {
    for (const uint32_t j : piece.graph.neighbors(i))
      edges.emplace(piece.rows[static_cast<size_t>(i)], piece.rows[j]);
  }
  return edges;
}

Graph random_graph(bool directed) {
  RandomStream random(3, "test", 0);
  Edges edges;
  for (int i = 0; i < 160; ++i) edges.emplace_back(random.below(50), random.below(50));
  return graph_of(52, edges, {}, directed);
}

TEST(PartGraph, InnerAndCutEdgesAreAllEdges) {
  for (const bool directed : {false, true}) {
    const Graph graph = random_graph(directed);
    std::vector<uint32_t> part_of(52);
    for (uint32_t v = 0; v < 52; ++v) part_of[v] = v * v % 3;
    std::set<std::pair<uint32_t, uint32_t>> all, found;
    std::set<uint32_t> ends;
    for (uint32_t u = 0; u < 52; ++u) {
      for (const uint32_t v : graph.neighbors(u)) {
        all.emplace(u, v);
        if (part_of[u] != part_of[v]) found.emplace(u, v), ends.insert(u), ends.insert(v);
      }
    }
    const PartGraph cut = border_graph(graph, part_of, BorderEdges::kCut, {});
    EXPECT_EQ(edges_of(cut), found);
    EXPECT_EQ(std::set<uint32_t>(cut.rows.begin(), cut.rows.end()), ends);
    size_t num_nodes = 0;
    for (uint32_t part = 0; part < 3; ++part) {
      const PartGraph piece = induced_graph(graph, rows_of_part(part_of, part), {});
      num_nodes += piece.rows.size();
      found.merge(edges_of(piece));
    }
    EXPECT_EQ(num_nodes, 52U);
    EXPECT_EQ(found, all);
    const PartGraph induced = border_graph(graph, part_of, BorderEdges::kInduced, {});
    EXPECT_EQ(induced.rows, cut.rows);
    for (const auto& [u, v] : all) EXPECT_EQ(edges_of(induced).count({u, v}), ends.count(u) * ends.count(v));
  }
}

TEST(PartGraph, KeepsIdsAndWeights) {
  const Graph graph =
      graph_of(Ids::strings({"a", "b", "c", "d"}), {{0, 1}, {1, 2}, {2, 3}, {3, 1}}, {1, 2, 3, 4});
  const PartGraph piece = induced_graph(graph, {1, 3}, {});
  EXPECT_EQ(piece.graph.ids.string(0), "b");
  EXPECT_EQ(piece.graph.ids.string(1), "d");
  EXPECT_THAT(piece.graph.targets.span(), ElementsAre(1, 0));
  EXPECT_THAT(piece.graph.weights.span(), ElementsAre(4, 4));
}

TEST(PartGraph, TakesTheNeighboursWithMostWeightIntoThePart) {
  // Part 0: rows 0 to 3. Outside: 4 with 3 edges into it, 5 with 2, 6 with 2, 7 with none.
  const Edges edges = {{0, 1}, {4, 0}, {4, 1}, {2, 4}, {5, 0}, {3, 5}, {6, 1}, {6, 2}, {7, 6}};
  const std::vector<uint32_t> part_of = {0, 0, 0, 0, 1, 1, 1, 1};
  for (const bool directed : {false, true}) {
    const Graph graph = graph_of(8, edges, {}, directed);
    EXPECT_THAT(part_with_halo(graph, part_of, 0, 10, {}).rows, ElementsAre(0, 1, 2, 3, 4, 5, 6));
    const PartGraph some = part_with_halo(graph, part_of, 0, 0.5, {});
    EXPECT_THAT(some.rows, ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_THAT(some.is_core, ElementsAre(1, 1, 1, 1, 0, 0));
    EXPECT_THAT(part_with_halo(graph, part_of, 0, 0, {}).rows, ElementsAre(0, 1, 2, 3));
  }
  const Graph weighted = graph_of(8, edges, {1, 1, 1, 1, 9, 1, 1, 1, 1});
  EXPECT_THAT(part_with_halo(weighted, part_of, 0, 0.25, {}).rows, ElementsAre(0, 1, 2, 3, 5));
}

TEST(PartGraph, OfAllPartsAtOnceIsThatOfEachByItself) {
  for (const bool directed : {false, true}) {
    const Graph graph = random_graph(directed);
    std::vector<uint32_t> part_of(52);
    for (uint32_t v = 0; v < 52; ++v) part_of[v] = v * v % 3;
    const Parts parts(graph, part_of, 4);  // the last one has no node
    for (uint32_t part = 0; part < 4; ++part) {
      const auto rows = parts.rows(part);
      EXPECT_EQ(std::vector<uint32_t>(rows.begin(), rows.end()), rows_of_part(part_of, part));
      for (const double max_halo : {0.3, 5.0}) {
        const PartGraph one = part_with_halo(graph, part_of, part, max_halo, {});
        const PartGraph same = parts.with_halo(part, max_halo, {});
        EXPECT_EQ(same.rows, one.rows);
        EXPECT_EQ(same.is_core, one.is_core);
        EXPECT_EQ(edges_of(same), edges_of(one));
      }
    }
  }
}

// More nodes than two blocks of threads.
TEST(PartGraph, IsTheSameAtAnyNumberOfThreads) {
  const Graph graph = graph::random_graph(14'000, 40'000);
  std::vector<uint32_t> rows;
  for (uint32_t v = 0; v < 14'000; ++v) {
    if (v % 3 != 0) rows.push_back(v);
  }
  const PartGraph one = induced_graph(graph, rows, {});
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    EXPECT_EQ(fingerprint(induced_graph(graph, rows, context).graph), fingerprint(one.graph));
  }
}

TEST(PartGraph, FramesByBorderNodesOfTheLargestDegreeAndByInnerOnesBesides) {
  // A path 0 .. 5 cut in the middle, and a third edge at 3; 7 is isolated.
  const Graph graph = graph_of(8, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {3, 6}, {1, 5}});
  const std::vector<uint32_t> part_of = {0, 0, 0, 1, 1, 1, 1, 1};
  EXPECT_THAT(frame_graph(graph, part_of, 2, {}).rows, ElementsAre(1, 3));
  EXPECT_THAT(frame_graph(graph, part_of, 4, {}).rows, ElementsAre(1, 2, 3, 5));
  EXPECT_THAT(frame_graph(graph, part_of, 5, {}).rows, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(frame_graph(graph, part_of, 10, {}).rows, ElementsAre(0, 1, 2, 3, 4, 5, 6));
  const std::vector<uint32_t> apart = {0, 0, 0, 0, 0, 0, 0, 1};
  EXPECT_TRUE(frame_graph(graph, apart, 10, {}).rows.empty());
}

}  // namespace
}  // namespace whitney::graph
