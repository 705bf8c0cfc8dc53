#include "whitney/graph/auto_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/fennel.h"
#include "whitney/graph/metis.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {
namespace {

using ::testing::HasSubstr;
using ::testing::Le;

// Cliques of 6 in a ring, each joined to the next by one edge: sparse, and clear what to merge.
Graph ring_of_cliques(uint32_t count) {
  Edges edges;
  for (uint32_t c = 0; c < count; ++c) {
    for (uint32_t i = 0; i < 6; ++i) {
      for (uint32_t j = i + 1; j < 6; ++j) edges.emplace_back(6 * c + i, 6 * c + j);
    }
    edges.emplace_back(6 * c, 6 * ((c + 1) % count) + 3);
  }
  return graph_of(6 * count, edges);
}

int64_t cut_edges(const Graph& graph, const std::vector<uint32_t>& part_of, int parts) {
  return measure_partition(graph, part_of, parts).cut_edges;
}

TEST(AutoParts, OfASmallGraphAreTheBetterOfMetisAndFennel) {
  for (const Graph& graph : {ring_of_cliques(40), random_graph(90, 600)}) {
    const int64_t found = cut_edges(graph, auto_parts(graph, {.parts = 4}, {}), 4);
    EXPECT_EQ(found, std::min(cut_edges(graph, metis_parts(graph, {.parts = 4}, {}), 4),
                              cut_edges(graph, fennel_parts(graph, {.parts = 4}, {}), 4)));
  }
}

TEST(AutoParts, OfALargerGraphWithClustersCutBetweenThem) {
  const Graph graph = ring_of_cliques(200);
  const auto part_of = auto_parts(graph, {.parts = 5}, {}, 0);
  // A ring falls into 5 pieces by 5 cuts at least; METIS on all nodes is allowed as many as it makes.
  EXPECT_LE(cut_edges(graph, part_of, 5), 10);
  for (size_t v = 0; v < part_of.size(); ++v) EXPECT_EQ(part_of[v], part_of[v / 6 * 6]) << v;
  std::vector<int64_t> sizes(5);
  for (const uint32_t part : part_of) ++sizes.at(part);
  EXPECT_THAT(sizes, ::testing::Each(Le((PartSizes{5, 0.05}.cap(1200)))));
}

TEST(AutoParts, OfALargerGraphWithoutClustersAreFennels) {
  const Graph graph = random_graph(300, 9000);
  EXPECT_EQ(auto_parts(graph, {.parts = 4}, {}, 0), fennel_parts(graph, {.parts = 4}, {}));
}

TEST(AutoParts, HoldAnyImbalanceAndCountWeights) {
  // Two cliques of 60 nodes whose edges weigh 5, joined by light ones.
  Edges edges;
  std::vector<float> weights;
  for (uint32_t i = 0; i < 60; ++i) {
    for (uint32_t j = i + 1; j < 60; ++j) {
      for (const uint32_t clique : {0U, 60U})
        edges.emplace_back(clique + i, clique + j), weights.push_back(5);
    }
    edges.emplace_back(i, 60 + i * 7 % 60), weights.push_back(0.1F);
  }
  const Graph graph = graph_of(120, edges, weights);
  for (const int64_t small : {int64_t{0}, kSmallForMetis}) {
    const auto halves = auto_parts(graph, {.parts = 2, .max_imbalance = 0.05}, {}, small);
    for (size_t v = 0; v < 120; ++v) EXPECT_EQ(halves[v], halves[v / 60 * 60]) << v;
    const auto many = auto_parts(graph, {.parts = 40, .max_imbalance = 100}, {}, small);
    EXPECT_LT(std::ranges::max(many), 40U);
  }
}

TEST(AutoParts, DependOnTheSeedAlone) {
  const Graph graph = ring_of_cliques(100);
  for (const int64_t small : {int64_t{0}, kSmallForMetis}) {
    std::vector<std::vector<uint32_t>> parts;
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      parts.push_back(auto_parts(graph, {.parts = 5}, context, small));
    }
    EXPECT_EQ(parts[0], parts[1]);
    EXPECT_EQ(parts[0], parts[2]);
  }
}

TEST(AutoParts, TakeGraphsWithoutEdgesAndRefuseMorePartsThanNodes) {
  for (const int64_t small : {int64_t{0}, kSmallForMetis}) {
    std::vector<int64_t> sizes(3);
    for (const uint32_t part : auto_parts(graph_of(6, {}), {.parts = 3}, {}, small)) ++sizes.at(part);
    EXPECT_THAT(sizes, ::testing::ElementsAre(2, 2, 2));
    EXPECT_THAT(error_of([&] { auto_parts(graph_of(2, {{0, 1}}), {.parts = 3}, {}, small); }),
                HasSubstr("\"parts\" is 3, and the graph has 2 nodes"));
  }
}

TEST(AutoParts, SayThatDirectionsDoNotCountOnce) {
  Notes notes;
  Context context;
  context.progress = &notes;
  auto_parts(graph_of(4, {{0, 1}, {1, 2}, {2, 3}}, {}, true), {.parts = 2}, context);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_THAT(notes.sentences[0], HasSubstr("directions"));
}

}  // namespace
}  // namespace whitney::graph
