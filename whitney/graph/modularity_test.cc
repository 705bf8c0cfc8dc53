#include "whitney/graph/modularity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/community_moves.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Three complete bipartite blocks of 2 users and 3 items, directed from users to items.
Graph blocks() {
  Edges edges;
  for (uint32_t block = 0; block < 3; ++block) {
    for (uint32_t user = 0; user < 2; ++user) {
      for (uint32_t item = 0; item < 3; ++item) edges.emplace_back(2 * block + user, 6 + 3 * block + item);
    }
  }
  return graph_of(15, edges, {}, true);
}

// A graph with unequal weights, a repeated edge, self-loops and an isolated node.
Graph odd_graph(bool directed, bool weighted) {
  Edges edges = {{0, 0}, {3, 3}, {0, 1}, {0, 1}, {1, 0}};
  std::vector<float> weights = {2, 0.5, 1, 3, 0.25};
  RandomStream random(5, "test", 0);
  for (int i = 0; i < 40; ++i) {
    edges.emplace_back(random.below(12), random.below(12));
    weights.push_back(static_cast<float>(1 + random.below(4)) / 2);
  }
  return graph_of(13, edges, weighted ? weights : std::vector<float>(), directed);
}

std::vector<uint32_t> random_labels(int64_t n, uint32_t k, uint64_t seed) {
  RandomStream random(seed, "labels", 0);
  std::vector<uint32_t> labels(static_cast<size_t>(n));
  for (uint32_t& label : labels) label = static_cast<uint32_t>(random.below(k));
  return labels;
}

// The definition, by pairs of nodes.
double by_pairs(const Graph& graph, const std::vector<uint32_t>& labels, double resolution) {
  const Dense a = dense_of(graph);
  const size_t n = a.size();
  std::vector<double> out(n), in(n);
  double total = 0;
  const auto entry = [&](size_t u, size_t v) { return !graph.directed && u == v ? 2 * a[u][v] : a[u][v]; };
  for (size_t u = 0; u < n; ++u) {
    for (size_t v = 0; v < n; ++v) out[u] += entry(u, v), in[v] += entry(u, v), total += entry(u, v);
  }
  double q = 0;
  for (size_t u = 0; u < n; ++u) {
    for (size_t v = 0; v < n; ++v) {
      if (labels[u] == labels[v]) q += entry(u, v) / total - resolution * out[u] * in[v] / total / total;
    }
  }
  return q;
}

TEST(Modularity, EqualsItsDefinitionByPairs) {
  for (const bool directed : {false, true}) {
    for (const bool weighted : {false, true}) {
      const Graph graph = odd_graph(directed, weighted);
      const ModularityGraph rows = make_modularity_graph(graph, NullModel::kAuto, {});
      for (uint64_t seed = 0; seed < 5; ++seed) {
        const auto labels = random_labels(13, 4, seed);
        EXPECT_NEAR(modularity(rows, labels, 1.5, {}), by_pairs(graph, labels, 1.5), 1e-12);
      }
    }
  }
}

TEST(Modularity, OfABipartiteGraphIsBarbers) {
  const ModularityGraph rows = make_modularity_graph(blocks(), NullModel::kBipartite, {});
  std::vector<uint32_t> whole(15, 0), single(15), by_block(15);
  for (uint32_t v = 0; v < 15; ++v) single[v] = v, by_block[v] = v < 6 ? v / 2 : (v - 6) / 3;
  for (const double gamma : {0.5, 1.0, 2.5}) {
    EXPECT_NEAR(modularity(rows, whole, gamma, {}), 1 - gamma, 1e-12);
    EXPECT_NEAR(modularity(rows, single, gamma, {}), 0, 1e-12);
    EXPECT_NEAR(modularity(rows, by_block, gamma, {}), 1 - gamma / 3, 1e-12);
  }
}

TEST(Modularity, TakesTheFirstColumnAsUsersWithoutDirections) {
  const Graph directed = blocks();
  Edges edges;
  for (int64_t u = 0; u < 6; ++u) {
    for (const uint32_t item : directed.neighbors(u)) edges.emplace_back(u, item);
  }
  const ModularityGraph rows = make_modularity_graph(graph_of(15, edges), NullModel::kBipartite, {});
  const ModularityGraph want = make_modularity_graph(directed, NullModel::kBipartite, {});
  EXPECT_EQ(rows.x, want.x);
  EXPECT_EQ(rows.y, want.y);
  EXPECT_EQ(rows.order, want.order);
}

TEST(Modularity, NamesTwoNodesOfAGraphThatIsNotBipartite) {
  EXPECT_THAT(error_of([] {
                make_modularity_graph(graph_of(4, {{0, 1}, {1, 2}, {2, 0}, {2, 3}}), NullModel::kBipartite,
                                      {});
              }),
              HasSubstr("not bipartite: \"1\" and \"2\""));
  EXPECT_THAT(error_of([] {
                make_modularity_graph(graph_of(3, {{0, 1}, {1, 2}}, {}, true), NullModel::kBipartite, {});
              }),
              HasSubstr("edges lead to \"1\", and one leads from it to \"2\""));
}

TEST(Modularity, SaysWhenDirectionsAreAskedOfAGraphWithout) {
  Notes notes;
  Context context;
  context.progress = &notes;
  make_modularity_graph(karate(), NullModel::kDirected, context);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_THAT(notes.sentences[0], HasSubstr("null_model"));
}

TEST(Modularity, StaysTheSameWhenCommunitiesBecomeNodes) {
  for (const bool directed : {false, true}) {
    const ModularityGraph rows = make_modularity_graph(odd_graph(directed, true), NullModel::kAuto, {});
    std::vector<uint32_t> labels = random_labels(13, 7, 3);
    const int64_t k = renumber(labels);
    for (const int threads : {1, 2, 5}) {
      Context context;
      context.threads = threads;
      const ModularityGraph level = aggregate(rows, labels, k, context);
      std::vector<uint32_t> coarse(static_cast<size_t>(k)), fine;
      for (size_t c = 0; c < coarse.size(); ++c) coarse[c] = static_cast<uint32_t>(c / 2);
      for (const uint32_t label : labels) fine.push_back(coarse[label]);
      EXPECT_NEAR(modularity(level, coarse, 2, context), modularity(rows, fine, 2, context), 1e-14);
    }
  }
}

// Each move's gain equals the difference of two full evaluations, and no other neighbour's community gains
// more; on the graph itself and on an aggregated one.
void expect_right_gains(const ModularityGraph& rows, double gamma) {
  RandomStream random(9, "moves", 0);
  const int64_t n = rows.num_nodes();
  CommunityMoves moves(rows, random_labels(n, static_cast<uint32_t>(n), 1), gamma);
  for (int step = 0; step < 60; ++step) {
    const auto node = static_cast<uint32_t>(random.below(static_cast<uint64_t>(n)));
    std::vector<uint32_t> labels(moves.labels().begin(), moves.labels().end());
    const double before = modularity(rows, labels, gamma, {});
    double best = 0;
    for (int64_t e = rows.offsets[node]; e < rows.offsets[int64_t{node} + 1]; ++e) {
      auto other = labels;
      other[node] = labels[rows.neighbors[e]];
      best = std::max(best, modularity(rows, other, gamma, {}) - before);
    }
    const Move move = moves.best_move(node, false);
    EXPECT_NEAR(move.gain / rows.total_weight, best, 1e-12);
    moves.apply(node, move.to);
    EXPECT_NEAR(modularity(rows, moves.labels(), gamma, {}) - before, best, 1e-12);
    // Now away from the optimum again.
    moves.apply(node, static_cast<uint32_t>(random.below(static_cast<uint64_t>(n))));
  }
}

TEST(CommunityMoves, GainWhatTwoFullEvaluationsDifferBy) {
  for (const bool directed : {false, true}) {
    for (const bool weighted : {false, true}) {
      const ModularityGraph rows = make_modularity_graph(odd_graph(directed, weighted), NullModel::kAuto, {});
      expect_right_gains(rows, 1.3);
      std::vector<uint32_t> labels = random_labels(13, 8, 2);
      const int64_t k = renumber(labels);
      expect_right_gains(aggregate(rows, labels, k, {}), 0.7);
    }
  }
  const ModularityGraph bipartite = make_modularity_graph(blocks(), NullModel::kBipartite, {});
  expect_right_gains(bipartite, 1.1);
  std::vector<uint32_t> pairs(15);
  for (uint32_t v = 0; v < 15; ++v) pairs[v] = v / 2;
  expect_right_gains(aggregate(bipartite, pairs, 8, {}), 1.1);
}

TEST(CommunityMoves, LeaveACommunityThatLosesByThem) {
  // 0 and 1 share no edge: alone is better.
  const ModularityGraph rows = make_modularity_graph(graph_of(4, {{0, 2}, {1, 3}}), NullModel::kAuto, {});
  CommunityMoves moves(rows, {0, 0, 2, 3}, 8);
  EXPECT_DOUBLE_EQ(moves.best_move(0, false).gain, 1);  // to its neighbour's
  const Move move = moves.best_move(0, true);
  EXPECT_EQ(move.to, 1U);          // the lowest label without a node
  EXPECT_DOUBLE_EQ(move.gain, 2);  // r 2 x_0 X_1 = 8 / 2 * 2 / 4
}

TEST(CommunityMoves, TakeRoundingForNoGainAtAnyResolution) {
  // Node 0 in community 1 with nodes 1, 2, 3, and one edge there and one to community 4: both have masses of
  // 0.6 beside it, which add up to different last digits. A resolution of a million makes 2e-10 of them.
  ModularityGraph rows;
  rows.offsets = Array<int64_t>::copy_of(std::vector<int64_t>{0, 2, 3, 3, 3, 4, 4, 4});
  rows.neighbors = Array<uint32_t>::copy_of(std::vector<uint32_t>{1, 4, 0, 0});
  rows.x = {1, 0.1, 0.2, 0.3, 0.3, 0.2, 0.1};
  rows.total_weight = 1;
  CommunityMoves moves(rows, {1, 1, 1, 1, 4, 4, 4}, 1e6);
  EXPECT_EQ(moves.best_move(0, false).to, 1U);
}

// More nodes than three blocks of threads, and more communities.
TEST(Modularity, AndItsLevelsAreTheSameAtAnyNumberOfThreads) {
  const ModularityGraph rows = make_modularity_graph(random_graph(13'000, 30'000), NullModel::kAuto, {});
  std::vector<uint32_t> labels = random_labels(13'000, 1000, 3);
  const int64_t k = renumber(labels);
  const ModularityGraph level = aggregate(rows, labels, k, {});
  const double q = modularity(rows, labels, 1, {});
  for (const int threads : {1, 2, 5}) {
    Context context;
    context.threads = threads;
    EXPECT_EQ(modularity(rows, labels, 1, context), q);
    const ModularityGraph same = aggregate(rows, labels, k, context);
    EXPECT_TRUE(std::ranges::equal(same.offsets, level.offsets));
    EXPECT_TRUE(std::ranges::equal(same.neighbors, level.neighbors));
    EXPECT_TRUE(std::ranges::equal(same.weights, level.weights));
    EXPECT_EQ(same.loops, level.loops);
  }
}

TEST(Renumber, NumbersLabelsByTheirFirstRows) {
  std::vector<uint32_t> labels = {7, 3, 7, 0, 3};
  EXPECT_EQ(renumber(labels), 3);
  EXPECT_THAT(labels, ElementsAre(0, 1, 0, 2, 1));
}

}  // namespace
}  // namespace whitney::graph
