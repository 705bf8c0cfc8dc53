#include "whitney/graph/leiden.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/leiden_refine.h"
#include "whitney/graph/louvain.h"

namespace whitney::graph {
namespace {

// A random graph with hubs: the ends of edges are drawn by squares, so that small rows have many.
Graph hubs(uint32_t n, uint32_t num_edges, uint64_t seed, bool directed) {
  RandomStream random(seed, "hubs", 0);
  Edges edges;
  std::vector<float> weights;
  for (uint32_t e = 0; e < num_edges; ++e) {
    const double u = random.uniform();
    edges.emplace_back(static_cast<uint32_t>(u * u * n), random.below(n));
    weights.push_back(static_cast<float>(1 + random.below(3)));
  }
  return graph_of(n, edges, weights, directed);
}

bool is_connected_inside(const ModularityGraph& graph, const std::vector<uint32_t>& labels) {
  std::vector<uint32_t> parts = components_within(graph, labels), both = labels;
  return renumber(parts) == renumber(both);
}

TEST(Leiden, GivesConnectedCommunities) {
  for (uint64_t seed = 0; seed < static_cast<uint64_t>(fewer(40)); ++seed) {
    const Graph graph = hubs(150, 260, seed, seed % 2 == 1);
    const ModularityGraph rows = make_modularity_graph(graph, NullModel::kAuto, {});
    for (const double theta : {0.0, 0.01, 10.0}) {
      Context context;
      context.seed = seed;
      LeidenOptions options;
      options.theta = theta;
      options.resolution = seed % 3 == 0 ? 0.3 : 1;
      options.iterations = 1 + static_cast<int>(seed % 3);
      const Communities found = leiden_communities(rows, options, context);
      EXPECT_TRUE(is_connected_inside(rows, found.labels)) << "seed " << seed << ", theta " << theta;
    }
  }
}

TEST(Leiden, ReachesTheBestModularityOfTheKarateClub) {
  const ModularityGraph rows = make_modularity_graph(karate(), NullModel::kAuto, {});
  double best = 0;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    Context context;
    context.seed = seed;
    const double q = leiden_communities(rows, {.iterations = 10}, context).modularity;
    EXPECT_GT(q, 0.4155);
    best = std::max(best, q);
  }
  EXPECT_NEAR(best, 0.41979, 1e-5);  // Brandes et al. 2008
}

TEST(Leiden, GainsFromIterationToIteration) {
  const ModularityGraph rows = make_modularity_graph(hubs(400, 1200, 7, false), NullModel::kAuto, {});
  const double first = leiden_communities(rows, {.iterations = 1}, {}).modularity;
  double before = first;
  for (const int iterations : {2, 5, 20}) {
    const double q = leiden_communities(rows, {.iterations = iterations}, {}).modularity;
    EXPECT_GE(q, before);
    before = q;
  }
  EXPECT_GT(before, first + 1e-4);
}

TEST(Leiden, FindsNoLessThanLouvain) {
  const ModularityGraph rows = make_modularity_graph(hubs(600, 2400, 11, false), NullModel::kAuto, {});
  const double louvain = louvain_communities(rows, {}, {}).modularity;
  EXPECT_GE(leiden_communities(rows, {.iterations = 5}, {}).modularity, louvain);
}

// More nodes than two blocks of threads.
TEST(Leiden, GivesTheSameLabelsAtAnyNumberOfThreads) {
  const ModularityGraph rows = make_modularity_graph(hubs(9000, 27'000, 3, true), NullModel::kAuto, {});
  std::vector<std::vector<uint32_t>> labels;
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    labels.push_back(leiden_communities(rows, {}, context).labels);
  }
  EXPECT_EQ(labels[0], labels[1]);
  EXPECT_EQ(labels[0], labels[2]);
}

TEST(Leiden, HoldsUsersAndItemsTogetherOnlyByEdges) {
  // Two users without a common item share no masses either: nothing but edges may join nodes.
  Edges edges;
  for (uint32_t user = 0; user < 12; ++user) {
    for (uint32_t item = 0; item < 5; ++item) edges.emplace_back(user, 12 + user % 4 * 5 + item);
  }
  LeidenOptions options;
  options.null_model = NullModel::kBipartite;
  const Table table = leiden(graph_of(32, edges, {}, true), options, {});
  EXPECT_NEAR(table.record.at("quality").at("modularity").as_real(), 0.75, 1e-12);
  EXPECT_EQ(table.record.at("quality").at("communities"), Value(4));
}

TEST(Leiden, TakesGraphsWithoutEdgesOrNodes) {
  EXPECT_EQ(leiden(graph_of(3, {}), {}, {}).record.at("quality").at("communities"), Value(3));
  EXPECT_EQ(leiden(graph_of(0, {}), {}, {}).ids.size(), 0);
}

TEST(LeidenRefinement, MakesConnectedPartsInsideCommunitiesThatAreWellConnected) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const ModularityGraph rows = make_modularity_graph(hubs(120, 400, seed, false), NullModel::kAuto, {});
    std::vector<uint32_t> communities(120);
    for (uint32_t v = 0; v < 120; ++v) communities[v] = v % 3;
    RandomStream random(seed, "test", 0);
    const std::vector<uint32_t> parts = refine(rows, communities, {}, random);
    EXPECT_TRUE(is_connected_inside(rows, parts));
    for (uint32_t v = 0; v < 120; ++v) EXPECT_EQ(communities[parts[v]], communities[v]);
    // Something merges, and not all of a community: a third of random edges holds none together.
    std::vector<uint32_t> numbers = parts;
    const int64_t num_parts = renumber(numbers);
    EXPECT_LT(num_parts, 110);
    EXPECT_GT(num_parts, 6);
  }
}

TEST(LeidenRefinement, DrawsMergesByTheirGain) {
  // A path 0 - 1 - 2 in one community: node 1 gains as much from 0 as from 2, and each is drawn at times. At
  // theta 0 the lower label wins always.
  const ModularityGraph rows = make_modularity_graph(graph_of(3, {{0, 1}, {1, 2}}), NullModel::kAuto, {});
  const std::vector<uint32_t> whole = {0, 0, 0};
  int num_low = 0;
  for (uint64_t item = 0; item < 200; ++item) {
    RandomStream random(1, "draw", item);
    const auto parts = refine(rows, whole, {.resolution = 1, .theta = 1}, random);
    num_low += parts[0] == parts[1] ? 1 : 0;
  }
  EXPECT_GT(num_low, 50);
  EXPECT_LT(num_low, 200);
}

}  // namespace
}  // namespace whitney::graph
