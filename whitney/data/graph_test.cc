#include "whitney/data/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "whitney/core/error.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Edges {
  std::vector<uint32_t> sources, targets;
  std::vector<float> weights;
};

Graph build(int64_t num_nodes, const Edges& edges, bool directed, int threads = 1) {
  Context context;
  context.threads = threads;
  return build_graph(Ids::row_numbers(num_nodes), {edges.sources, edges.targets, edges.weights}, directed,
                     context);
}

std::string error_of(int64_t num_nodes, const Edges& edges) {
  try {
    build(num_nodes, edges, true);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Graph, ListsTheTargetsOfARowAscending) {
  const Graph graph = build(4, {{2, 2, 2, 0}, {3, 0, 1, 2}, {}}, true);
  EXPECT_THAT(graph.offsets.span(), ElementsAre(0, 1, 1, 4, 4));
  EXPECT_THAT(graph.neighbors(2), ElementsAre(0, 1, 3));
  EXPECT_THAT(graph.neighbors(0), ElementsAre(2));
  EXPECT_TRUE(graph.directed);
  EXPECT_FALSE(graph.weighted());
}

TEST(Graph, StoresAnUndirectedEdgeInBothRows) {
  const Graph graph = build(3, {{2, 0}, {1, 1}, {0.5F, 4.0F}}, false);
  EXPECT_THAT(graph.offsets.span(), ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(graph.targets.span(), ElementsAre(1, 0, 2, 1));
  EXPECT_THAT(graph.weights.span(), ElementsAre(4.0F, 4.0F, 0.5F, 0.5F));
  EXPECT_EQ(graph.num_edges(), 2);
  EXPECT_EQ(graph.nnz(), 4);
}

TEST(Graph, StoresASelfLoopOnce) {
  const Graph graph = build(2, {{1, 0}, {1, 1}, {3.0F, 2.0F}}, false);
  EXPECT_THAT(graph.neighbors(1), ElementsAre(0, 1));
  EXPECT_THAT(graph.neighbor_weights(1), ElementsAre(2.0F, 3.0F));
  EXPECT_EQ(graph.num_edges(), 2);
}

TEST(Graph, AddsTheWeightsOfRepeatedEdges) {
  // 0-1 stands three times, twice turned round: 1 + 2 + 4 in both rows of an undirected graph.
  const Edges edges{{0, 1, 1, 2}, {1, 0, 0, 2}, {1.0F, 2.0F, 4.0F, 8.0F}};
  const Graph undirected = build(3, edges, false);
  EXPECT_THAT(undirected.targets.span(), ElementsAre(1, 0, 2));
  EXPECT_THAT(undirected.weights.span(), ElementsAre(7.0F, 7.0F, 8.0F));
  const Graph directed = build(3, edges, true);
  EXPECT_THAT(directed.weights.span(), ElementsAre(1.0F, 6.0F, 8.0F));
}

TEST(Graph, CountsRepeatedEdgesWithoutWeightsOnce) {
  const Graph graph = build(2, {{0, 1, 0}, {1, 0, 1}, {}}, false);
  EXPECT_THAT(graph.targets.span(), ElementsAre(1, 0));
  EXPECT_THAT(graph.weights.span(), IsEmpty());
  EXPECT_EQ(graph.num_edges(), 1);
}

TEST(Graph, KeepsIsolatedNodes) {
  const Graph graph = build(5, {{3}, {3}, {}}, false);
  EXPECT_EQ(graph.num_nodes(), 5);
  EXPECT_THAT(graph.neighbors(0), IsEmpty());
  EXPECT_THAT(graph.neighbors(4), IsEmpty());
  EXPECT_EQ(build(3, {}, false).num_nodes(), 3);
  EXPECT_EQ(build(0, {}, false).num_nodes(), 0);
}

TEST(Graph, NamesAnEndPointThatIsNoNode) {
  EXPECT_THAT(error_of(3, {{0, 1}, {1, 3}, {}}), HasSubstr("edge 1 has the end point 3"));
}

TEST(Graph, NamesTheEdgeOfAWeightThatIsNoneOrNotFinite) {
  EXPECT_THAT(error_of(2, {{0, 1}, {1, 0}, {1.0F, 0.0F}}), HasSubstr("edge 1 (\"1\" to \"0\") weighs 0"));
  EXPECT_THAT(error_of(2, {{0}, {1}, {-1.0F}}), HasSubstr("weighs -1"));
  EXPECT_THAT(error_of(2, {{0}, {1}, {std::numeric_limits<float>::quiet_NaN()}}), HasSubstr("weighs nan"));
  EXPECT_THAT(error_of(2, {{0}, {1}, {std::numeric_limits<float>::infinity()}}), HasSubstr("weighs inf"));
}

TEST(Graph, RefusesWeightsThatAddUpBeyondFloat32) {
  EXPECT_THAT(error_of(2, {{0, 0}, {1, 1}, {3e38F, 3e38F}}), HasSubstr("more than float32 can hold"));
}

TEST(Graph, RefusesArraysOfDifferentLength) {
  EXPECT_THAT(error_of(2, {{0, 1}, {1}, {}}), HasSubstr("2 sources, but 1 targets"));
  EXPECT_THAT(error_of(2, {{0}, {1}, {1.0F, 1.0F}}), HasSubstr("1 edges, but 2 weights"));
}

// A plain reference: a map of maps.
using Matrix = std::map<uint32_t, std::map<uint32_t, double>>;

Matrix plain_matrix(const Edges& edges, bool directed) {
  Matrix matrix;
  for (size_t e = 0; e < edges.sources.size(); ++e) {
    const double weight = edges.weights.empty() ? 1.0 : edges.weights[e];
    matrix[edges.sources[e]][edges.targets[e]] += weight;
    if (!directed && edges.sources[e] != edges.targets[e])
      matrix[edges.targets[e]][edges.sources[e]] += weight;
  }
  return matrix;
}

bool is_equal(const Graph& graph, const Matrix& matrix) {
  int64_t num_entries = 0;
  for (const auto& [row, columns] : matrix) {
    std::vector<uint32_t> targets;
    std::vector<float> weights;
    for (const auto& [column, weight] : columns) {
      targets.push_back(column);
      if (graph.weighted()) weights.push_back(static_cast<float>(weight));
    }
    num_entries += std::ssize(columns);
    if (!std::ranges::equal(graph.neighbors(row), targets)) return false;
    if (!std::ranges::equal(graph.neighbor_weights(row), weights)) return false;
  }
  return graph.nnz() == num_entries;
}

// Weights are multiples of a half, so that sums are exact in any order.
Edges arbitrary_edges(int num_nodes, int num_edges, bool weighted) {
  Edges edges;
  for (int e = 0; e < num_edges; ++e) {
    edges.sources.push_back(*rc::gen::inRange<uint32_t>(0, static_cast<uint32_t>(num_nodes)));
    edges.targets.push_back(*rc::gen::inRange<uint32_t>(0, static_cast<uint32_t>(num_nodes)));
    if (weighted) edges.weights.push_back(0.5F * static_cast<float>(*rc::gen::inRange(1, 9)));
  }
  return edges;
}

RC_GTEST_PROP(Graph, HoldsWhatAMapOfItsEdgesHolds, (bool directed, bool weighted)) {
  const int num_nodes = *rc::gen::inRange(1, 40);
  const Edges edges = arbitrary_edges(num_nodes, *rc::gen::inRange(0, 120), weighted);
  RC_ASSERT(is_equal(build(num_nodes, edges, directed), plain_matrix(edges, directed)));
}

// Enough edges for several buckets and blocks, and for the sort by digits.
Edges many_edges(uint32_t num_nodes, int64_t num_edges) {
  Edges edges;
  uint64_t state = 1;
  const auto next = [&] { return state = state * 6364136223846793005ULL + 1442695040888963407ULL; };
  for (int64_t e = 0; e < num_edges; ++e) {
    const uint64_t skewed = (next() >> 40) % num_nodes;  // small nodes have more edges
    edges.sources.push_back(static_cast<uint32_t>(skewed * skewed / num_nodes));
    edges.targets.push_back(static_cast<uint32_t>((next() >> 33) % num_nodes));
    edges.weights.push_back(0.5F * static_cast<float>(1 + (next() >> 60)));
  }
  return edges;
}

TEST(Graph, IsTheSameAtAnyThreadCount) {
  const Edges edges = many_edges(3001, 300'000);
  const Graph one = build(3001, edges, false, 1);
  EXPECT_TRUE(is_equal(one, plain_matrix(edges, false)));
  const std::string expected = fingerprint(one);
  EXPECT_EQ(fingerprint(build(3001, edges, false, 2)), expected);
  EXPECT_EQ(fingerprint(build(3001, edges, false, 5)), expected);
}

TEST(Graph, HasAFingerprintOfEverythingInIt) {
  const Edges edges{{0, 1}, {1, 2}, {1.0F, 2.0F}};
  const std::string base = fingerprint(build(3, edges, false));
  EXPECT_EQ(base.size(), 32);
  EXPECT_EQ(fingerprint(build(3, edges, false)), base);
  EXPECT_NE(fingerprint(build(3, edges, true)), base);
  EXPECT_NE(fingerprint(build(4, edges, false)), base);
  EXPECT_NE(fingerprint(build(3, {{0, 1}, {1, 2}, {1.0F, 3.0F}}, false)), base);
  EXPECT_NE(fingerprint(build(3, {{0, 1}, {1, 2}, {}}, false)), base);
  Graph renamed = build(3, edges, false);
  renamed.ids = Ids::strings({"0", "1", "2"});
  EXPECT_NE(fingerprint(renamed), base);
}

}  // namespace
}  // namespace whitney
