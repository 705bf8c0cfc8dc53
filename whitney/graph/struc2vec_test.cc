#include "whitney/graph/struc2vec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/registry.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/struc2vec_layers.h"
#include "whitney/graph/struc2vec_rings.h"
#include "whitney/graph/struc2vec_walks.h"

namespace whitney::graph {
namespace {

double distance_of(std::vector<RingDegree> a, std::vector<RingDegree> b) {
  std::vector<double> scratch;
  const double forth = ring_distance(a, b, scratch);
  EXPECT_EQ(forth, ring_distance(b, a, scratch));
  return forth;
}

TEST(RingDistance, AlignsSequencesOfDegrees) {
  // Both ones beside the one.
  EXPECT_EQ(distance_of({{1, 1}, {1, 1}, {2, 1}}, {{1, 1}, {2, 1}}), 0);
  // 1, 2 and 3 beside 2: 2/1 - 1, 0 and 3/2 - 1.
  EXPECT_EQ(distance_of({{1, 1}, {2, 1}, {3, 1}}, {{2, 1}}), 1.5);
  // 1 beside 2 and 4 beside 8 cost 1 each; 4 beside 2 would cost 1 more.
  EXPECT_EQ(distance_of({{1, 1}, {4, 1}}, {{2, 1}, {8, 1}}), 2);
}

TEST(RingDistance, CountsEqualDegreesByTheLargerCount) {
  // Two ones beside three ones, and a four beside a two: (4/2 - 1) * 1.
  EXPECT_EQ(distance_of({{1, 2}, {4, 1}}, {{1, 3}, {2, 1}}), 1);
  EXPECT_EQ(distance_of({{3, 5}}, {{1, 2}}), 2 * 5);
}

/// 0-1-2-3 and a triangle 3-4-5.
Graph path_and_triangle() { return graph_of(7, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {3, 5}, {1, 1}}); }

TEST(RingDegrees, AreThoseAtEachDistance) {
  const Graph graph = path_and_triangle();
  const std::vector<uint32_t> nodes = {0, 3};
  const RingDegrees rings(graph, nodes, 6, true, Context());
  const auto text = [&](int64_t place, int64_t k) {
    std::string result;
    for (const RingDegree& ring : rings.ring(place, k))
      result += std::to_string(ring.degree) + "x" + std::to_string(ring.count) + " ";
    return result;
  };
  // From 0: itself; 1; 2; 3; 4 and 5; nobody. The self-loop of 1 does not count.
  EXPECT_EQ(text(0, 0), "1x1 ");
  EXPECT_EQ(text(0, 1), "2x1 ");
  EXPECT_EQ(text(0, 3), "3x1 ");
  EXPECT_EQ(text(0, 4), "2x2 ");
  EXPECT_EQ(text(0, 5), "");
  EXPECT_EQ(text(1, 1), "2x3 ");
  EXPECT_EQ(text(1, 3), "1x1 ");
  const RingDegrees apart(graph, nodes, 2, false, Context());
  EXPECT_EQ(apart.ring(1, 1).size(), 3U);
}

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

TEST(ContextWalks, KeepTheLawOfALayer) {
  const Graph graph = path_and_triangle();
  const ContextGraph layers(graph, {.num_layers = 2, .limited_pairs = false}, Context());
  const ContextWalks walks(layers, 40, 1);  // stays in layer 0
  Dense seen(7, std::vector<double>(7));
  WalkBlock block;
  const std::vector<uint32_t> starts = {0, 1, 2, 3, 4, 5, 6};
  for (uint64_t pass = 0; pass < 200; ++pass) {
    walks.walk(42, pass, starts, block);
    EXPECT_EQ(block.walk(6).size(), 1U);
    for (int64_t i = 0; i < 6; ++i) {
      const auto walk = block.walk(i);
      for (size_t s = 1; s < walk.size(); ++s) ++seen[walk[s - 1]][walk[s]];
    }
  }
  double statistic = 0;
  for (uint32_t u = 0; u < 6; ++u) {
    double total = 0;
    for (uint32_t v = 0; v < 6; ++v) total += v == u ? 0 : std::exp(-layers.distance(0, u, v));
    for (uint32_t v = 0; v < 6; ++v) {
      if (v == u) continue;
      const double expected = sum(seen[u]) * std::exp(-layers.distance(0, u, v)) / total;
      statistic += (seen[u][v] - expected) * (seen[u][v] - expected) / expected;
    }
  }
  EXPECT_LT((statistic - 24) / std::sqrt(48), 5);  // six rows of five places
}

TEST(ContextWalks, GoToTheLayersAbove) {
  // Layer 0 joins 0 with all; layer 3 of the path and triangle does not join 3.
  const Graph graph = path_and_triangle();
  const ContextGraph layers(graph, {.num_layers = 6, .limited_pairs = false}, Context());
  const ContextWalks low(layers, 200, 1), high(layers, 200, 0.1);
  const auto share_of_twins = [&](const ContextWalks& walks) {
    WalkBlock block;
    double twins = 0, all = 0;
    for (uint64_t pass = 0; pass < 100; ++pass) {
      walks.walk(42, pass, std::vector<uint32_t>{4}, block);
      const auto walk = block.walk(0);
      for (size_t s = 1; s < walk.size(); ++s) {
        if (walk[s - 1] != 4) continue;
        ++all;
        twins += walk[s] == 5;
      }
    }
    return twins / all;
  };
  // 4 and 5 are alike at any distance, and others of degree 2 in layer 0 only.
  EXPECT_GT(share_of_twins(high), share_of_twins(low) + 0.2);
}

double cosine(const Matrix& vectors, int64_t i, int64_t j) {
  const auto a = row_of(vectors, i), b = row_of(vectors, j);
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / (norm(a) * norm(b));
}

Struc2VecOptions small_options() {
  Struc2VecOptions options;
  options.skip_gram.dim = 8, options.num_walks = 40, options.walk_length = 40, options.window = 3;
  return options;
}

/// Two copies of karate without an edge between them, and a node alone.
Graph two_clubs() {
  Edges edges;
  const Graph club = karate();
  for (uint32_t u = 0; u < 34; ++u) {
    for (const uint32_t v : club.neighbors(u)) {
      if (u < v) edges.insert(edges.end(), {{u, v}, {34 + u, 34 + v}});
    }
  }
  return graph_of(69, edges);
}

TEST(Struc2Vec, PutsTwinsNearThatNoPathJoins) {
  Struc2VecOptions options = small_options();
  options.limited_pairs = false;
  for (const text::Softmax softmax : {text::Softmax::kNegativeSampling, text::Softmax::kHierarchical}) {
    options.softmax = softmax;
    const Matrix x = struc2vec(two_clubs(), options, Context()).vectors;
    double twins = 0, others = 0;
    for (int64_t i = 0; i < 34; ++i) {
      twins += cosine(x, i, 34 + i) / 34;
      others += cosine(x, i, 34 + (i + 11) % 34) / 34;
    }
    EXPECT_GT(twins, others + 0.3) << name_of_enum(softmax);
  }
}

TEST(Struc2Vec, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Graph graph = random_graph(200, 400);
  Struc2VecOptions options = small_options();
  options.num_walks = 2;
  const auto at = [&](int threads, uint64_t seed = 42) {
    Context context;
    context.threads = threads, context.seed = seed;
    return struc2vec(graph, options, context).vectors;
  };
  const Matrix one = at(1);
  EXPECT_TRUE(same_bytes(one, at(2)));
  EXPECT_TRUE(same_bytes(one, at(5)));
  EXPECT_FALSE(same_bytes(one, at(1, 43)));
}

TEST(Struc2Vec, GivesLonelyNodesZeroVectorsAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  Struc2VecOptions options = small_options();
  options.num_walks = 2;
  const Embeddings result = struc2vec(two_clubs(), options, context);
  EXPECT_EQ(norm(row_of(result.vectors, 68)), 0);
  for (int64_t i = 0; i < 68; ++i) {
    EXPECT_GT(norm(row_of(result.vectors, i)), 0);
    EXPECT_TRUE(std::isfinite(norm(row_of(result.vectors, i))));
  }
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("1 of 69 nodes"), std::string::npos);
}

TEST(Struc2Vec, TellsWhatHasNoEffect) {
  Notes notes;
  Context context;
  context.progress = &notes;
  Struc2VecOptions options = small_options();
  options.num_walks = 1;
  struc2vec(graph_of(3, {{0, 1}, {1, 2}}, {1, 2}, true), options, context);
  ASSERT_EQ(notes.sentences.size(), 2U);
  EXPECT_NE(notes.sentences[0].find("weights"), std::string::npos);
  EXPECT_NE(notes.sentences[1].find("direction"), std::string::npos);
  options.skip_gram.negatives = 3;
  EXPECT_TRUE(options.ineffective().empty());
  options.softmax = text::Softmax::kHierarchical;
  EXPECT_EQ(options.ineffective().size(), 1U);
}

TEST(Struc2Vec, TakesGraphsWithoutEdgesAndRefusesThoseWithoutNodes) {
  EXPECT_EQ(norm(row_of(struc2vec(graph_of(3, {}), small_options(), Context()).vectors, 0)), 0);
  EXPECT_NE(error_of([] { struc2vec(graph_of(0, {}), small_options(), Context()); }).find("no nodes"),
            std::string::npos);
}

TEST(Struc2Vec, EstimatesThePairsThatAreCompared) {
  const DataSize size{.num_rows = 10000, .nnz = 100000};
  Struc2VecOptions options = small_options();
  const CostEstimate some = estimate_struc2vec(size, options, Context());
  options.limited_pairs = false;
  const CostEstimate all = estimate_struc2vec(size, options, Context());
  EXPECT_EQ(all.peak_bytes - some.peak_bytes, 10000LL * (9999 - 14) * options.num_layers * 28);
  EXPECT_GT(all.seconds, some.seconds);
}

TEST(Struc2Vec, IsALearner) {
  EXPECT_EQ(Registry::instance().get(Verb::kLearn, "struc2vec").info.class_name, "Struc2Vec");
}

}  // namespace
}  // namespace whitney::graph
