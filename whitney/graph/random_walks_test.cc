#include "whitney/graph/random_walks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

/// Six nodes, unequal weights, a node of degree 1 and a triangle.
Graph six_nodes() {
  return graph_of(6, {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {2, 3}, {3, 4}, {2, 4}, {4, 5}},
                  {1, 2, 0.5F, 4, 1, 3, 0.25F, 2});
}

std::vector<uint32_t> every_node(const Graph& graph) {
  std::vector<uint32_t> nodes;
  for (int64_t v = 0; v < graph.num_nodes(); ++v) nodes.push_back(static_cast<uint32_t>(v));
  return nodes;
}

/// How often (t, v, x) follow each other in `passes` walks from each node.
using Triples = std::map<std::tuple<uint32_t, uint32_t, uint32_t>, double>;
Triples triples_of(const Graph& graph, const WalkRule& rule, uint64_t passes) {
  const RandomWalks walks(graph, rule, Context());
  Triples seen;
  WalkBlock block;
  for (uint64_t pass = 0; pass < passes; ++pass) {
    walks.walk(42, pass, every_node(graph), block);
    for (int64_t i = 0; i < block.size(); ++i) {
      const auto walk = block.walk(i);
      for (size_t s = 2; s < walk.size(); ++s) ++seen[{walk[s - 2], walk[s - 1], walk[s]}];
    }
  }
  return seen;
}

/// P(x | t, v) of node2vec, by its formula.
double law(const Dense& weights, uint32_t t, uint32_t v, uint32_t x, double p, double q) {
  const auto mass = [&](size_t to) {
    const double alpha = to == t ? 1 / p : weights[t][to] > 0 ? 1 : 1 / q;
    return weights[v][to] * alpha;
  };
  double total = 0;
  for (size_t to = 0; to < weights.size(); ++to) total += mass(to);
  return mass(x) / total;
}

/// Pearson's statistic of the x that followed each (t, v), less its expectation, in its deviations: below 5
/// by chance in all but one of a million.
double surplus(const Graph& graph, const Triples& seen, double p, double q) {
  const Dense weights = dense_of(graph);
  double statistic = 0, freedom = 0;
  for (uint32_t t = 0; t < weights.size(); ++t) {
    for (uint32_t v = 0; v < weights.size(); ++v) {
      double total = 0, places = 0;
      const auto count = [&](uint32_t x) {
        const auto found = seen.find({t, v, x});
        return found == seen.end() ? 0.0 : found->second;
      };
      for (uint32_t x = 0; x < weights.size(); ++x) total += count(x);
      for (uint32_t x = 0; x < weights.size() && total > 0; ++x) {
        const double expected = total * law(weights, t, v, x, p, q);
        if (expected == 0) {
          EXPECT_EQ(count(x), 0);
          continue;
        }
        statistic += (count(x) - expected) * (count(x) - expected) / expected;
        ++places;
      }
      freedom += places > 0 ? places - 1 : 0;
    }
  }
  return (statistic - freedom) / std::sqrt(2 * freedom);
}

TEST(RandomWalks, FollowTheWeights) {
  const Graph graph = six_nodes();
  EXPECT_LT(surplus(graph, triples_of(graph, {.length = 40}, 400), 1, 1), 5);
}

TEST(RandomWalks, KeepTheLawOfNode2vec) {
  const Graph graph = six_nodes();
  for (const auto& [p, q] : {std::pair{0.25, 4.0}, {4.0, 0.5}, {0.5, 0.5}, {1.0, 2.0}}) {
    const Triples seen = triples_of(graph, {.length = 40, .p = p, .q = q}, 400);
    EXPECT_LT(surplus(graph, seen, p, q), 5) << "p " << p << " q " << q;
    // The test can tell: against DeepWalk's law the same walks fail.
    EXPECT_GT(surplus(graph, seen, 1, 1), 5) << "p " << p << " q " << q;
  }
}

TEST(RandomWalks, KeepTheLawOfNode2vecWithoutWeights) {
  const Graph graph = karate();
  const Triples seen = triples_of(graph, {.length = 40, .p = 0.5, .q = 2}, 200);
  EXPECT_LT(surplus(graph, seen, 0.5, 2), 5);
  EXPECT_GT(surplus(graph, seen, 1, 1), 5);
}

// 130 nodes of degree 4: rows of bits take 24 bytes each, 4 bytes an entry are enough for 86 of them, and
// the edges of the others are searched.
TEST(RandomWalks, KeepTheLawWhereOnlySomeNodesHaveRowsOfBits) {
  constexpr uint32_t kNodes = 130;
  Edges edges;
  for (uint32_t v = 0; v < kNodes; ++v) {
    edges.emplace_back(v, (v + 1) % kNodes);
    edges.emplace_back(v, (v + 2) % kNodes);
  }
  const Graph graph = graph_of(kNodes, edges);
  for (const auto& [p, q] : {std::pair{0.25, 0.25}, {2.0, 4.0}}) {
    const Triples seen = triples_of(graph, {.length = 40, .p = p, .q = q}, 100);
    EXPECT_LT(surplus(graph, seen, p, q), 5) << "p " << p << " q " << q;
    EXPECT_GT(surplus(graph, seen, 1, 1), 5) << "p " << p << " q " << q;
  }
}

TEST(RandomWalks, AreDeepWalksWithPAndQOfOne) {
  const Graph graph = six_nodes();
  // p just off 1 takes the way of second order.
  const Triples seen = triples_of(graph, {.length = 40, .p = 1 + 1e-9}, 400);
  EXPECT_LT(surplus(graph, seen, 1, 1), 5);
}

TEST(RandomWalks, FollowDirectedEdgesForwards) {
  // 1 -> 2, but not 2 -> 1: come from 1, node 3 is near where 1 -> 3.
  const Graph graph = graph_of(4, {{0, 1}, {1, 2}, {2, 0}, {2, 3}, {1, 3}, {3, 0}}, {}, true);
  const Triples seen = triples_of(graph, {.length = 40, .p = 1, .q = 0.25}, 400);
  EXPECT_LT(surplus(graph, seen, 1, 0.25), 5);
}

TEST(RandomWalks, EndWhereNothingLeadsOn) {
  const Graph graph = graph_of(5, {{0, 1}, {1, 2}, {3, 3}}, {}, true);
  for (const double q : {1.0, 2.0}) {
    const RandomWalks walks(graph, {.length = 6, .q = q}, Context());
    WalkBlock block;
    walks.walk(1, 0, every_node(graph), block);
    const auto nodes = [&](int64_t i) {
      return std::vector<uint32_t>(block.walk(i).begin(), block.walk(i).end());
    };
    EXPECT_EQ(nodes(0), (std::vector<uint32_t>{0, 1, 2}));
    EXPECT_EQ(nodes(2), (std::vector<uint32_t>{2}));
    EXPECT_EQ(nodes(3), (std::vector<uint32_t>(6, 3)));
    EXPECT_EQ(nodes(4), (std::vector<uint32_t>{4}));
  }
}

TEST(RandomWalks, AreThoseOfTheirStartsInAnyBlock) {
  const Graph graph = karate();
  for (const WalkRule& rule : {WalkRule{.length = 20}, WalkRule{.length = 20, .p = 0.3, .q = 3}}) {
    const RandomWalks walks(graph, rule, Context());
    WalkBlock all, one;
    walks.walk(7, 3, every_node(graph), all);
    for (uint32_t start = 0; start < 34; ++start) {
      walks.walk(7, 3, std::vector<uint32_t>{start}, one);
      EXPECT_TRUE(std::ranges::equal(all.walk(start), one.walk(0))) << start;
    }
    walks.walk(7, 4, std::vector<uint32_t>{0}, one);
    EXPECT_FALSE(std::ranges::equal(all.walk(0), one.walk(0)));
  }
}

TEST(RandomWalks, FollowAMetapath) {
  // Types 0 1 1 0 2 1: authors, papers, a venue.
  const Graph graph = six_nodes();
  const std::vector<uint32_t> types = {0, 1, 1, 0, 2, 1};
  const WalkRule rule{.length = 9, .metapath = {types, {0, 1}}};
  const RandomWalks walks(graph, rule, Context());
  WalkBlock block;
  walks.walk(1, 0, every_node(graph), block);
  for (const int64_t start : {0, 3}) {
    ASSERT_EQ(block.walk(start).size(), 9U);
    for (size_t s = 0; s < 9; ++s) EXPECT_EQ(types[block.walk(start)[s]], s % 2);
  }
  EXPECT_EQ(block.walk(4).size(), 1U);
}

TEST(RandomWalks, WeighTheNodesOfAMetapathsType) {
  // From 0 to its papers 1 (weight 1) and 2 (weight 2), whatever its other edges weigh.
  const Graph graph = six_nodes();
  const RandomWalks walks(graph, {.length = 2, .metapath = {{0, 1, 1, 0, 2, 1}, {0, 1}}}, Context());
  WalkBlock block;
  constexpr int kWalks = 20000;
  double seen = 0;
  for (uint64_t pass = 0; pass < kWalks; ++pass) {
    walks.walk(1, pass, std::vector<uint32_t>{0}, block);
    seen += block.walk(0)[1] == 2 ? 1 : 0;
  }
  EXPECT_NEAR(seen / kWalks, 2.0 / 3, 5 * std::sqrt(2.0 / 9 / kWalks));
}

TEST(RandomWalks, RefuseMetapathsThatCannotBe) {
  const Graph graph = six_nodes();
  const auto error = [&](const WalkRule& rule) {
    return error_of([&] { RandomWalks(graph, rule, Context()); });
  };
  EXPECT_NE(error({.metapath = {{0, 1}, {0}}}).find("6 nodes"), std::string::npos);
  EXPECT_NE(error({.metapath = {{0, 1, 1, 0, 2, 1}, {0, 3}}}).find("type 3"), std::string::npos);
  EXPECT_NE(error({.p = 2, .metapath = {{0, 1, 1, 0, 2, 1}, {0}}}).find("not both"), std::string::npos);
}

}  // namespace
}  // namespace whitney::graph
