#include "whitney/eval/reconstruction_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/random.h"
#include "whitney/eval/reconstruction_hops.h"
#include "whitney/eval/reconstruction_ranking.h"
#include "whitney/eval/reconstruction_top_pairs.h"

namespace whitney::eval {
namespace {

using Edges = std::vector<std::pair<uint32_t, uint32_t>>;

Graph graph_of(int64_t n, const Edges& edges, bool directed = false) {
  std::vector<uint32_t> sources, targets;
  for (const auto& [u, v] : edges) sources.push_back(u), targets.push_back(v);
  return build_graph(Ids::row_numbers(n), {sources, targets, {}}, directed, Context());
}

/// A graph of n nodes in which each pair is an edge by a lot of one in `one_in`; node n - 1 has none.
Graph random_graph(int64_t n, uint64_t chance, uint64_t seed, bool directed = false) {
  RandomStream random(seed, "graph", 0);
  Edges edges;
  for (uint32_t u = 0; u + 1 < n; ++u) {
    for (uint32_t v = directed ? 0 : u; v + 1 < n; ++v) {
      if (random.below(chance) == 0) edges.emplace_back(u, v);  // self-loops too
    }
  }
  return graph_of(n, edges, directed);
}

Matrix random_matrix(int64_t n, int64_t dim, uint64_t seed) {
  RandomStream random(seed, "matrix", 0);
  Matrix result(n, dim);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < n * dim; ++i) out[i] = static_cast<float>(random.normal());
  return result;
}

/// Distances by relaxation, n rounds: written differently from HopSets.
std::vector<std::vector<int>> distances_of(const Graph& graph) {
  const auto n = static_cast<size_t>(graph.num_nodes());
  std::vector<std::vector<int>> result(n, std::vector<int>(n, 1 << 20));
  for (size_t source = 0; source < n; ++source) {
    std::vector<int>& distance = result[source];
    distance[source] = 0;
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t u = 0; u < n; ++u) {
        for (const uint32_t v : graph.neighbors(int64_t(u))) {
          if (distance[u] + 1 >= distance[v]) continue;
          distance[v] = distance[u] + 1;
          changed = true;
        }
      }
    }
  }
  return result;
}

/// Vectors whose source_target scores are exactly score[u][v]: row u is (e_u, column u of the scores).
template <class Score>
Matrix vectors_scoring(int64_t n, const Score& score) {
  Matrix result = Matrix::zeros(n, 2 * n);
  float* out = result.mutable_data<float>();
  for (int64_t u = 0; u < n; ++u) {
    out[u * 2 * n + u] = 1;
    for (int64_t s = 0; s < n; ++s) out[u * 2 * n + n + s] = score(size_t(s), size_t(u));
  }
  return result;
}

ReconstructionPlan plan_of(const Graph& graph, int max_hops = 3) {
  ReconstructionPlan plan;
  plan.max_hops = max_hops;
  plan.sources = sample_nodes(graph, graph.num_nodes(), Context());
  return plan;
}

ReconstructionFigures measure(const Graph& graph, const Matrix& vectors, Decoder decoder, int max_hops = 3) {
  const Context context;
  return measure_reconstruction(PairScores(vectors, decoder, context), graph, plan_of(graph, max_hops),
                                context);
}

std::vector<SourceRanking> rank(int64_t source, const std::vector<float>& scores,
                                const std::vector<uint8_t>& hops, int max_hops, bool gem = false) {
  std::vector<SourceRanking> result(2 * size_t(max_hops));
  HopRanking(max_hops, gem).measure(source, scores, hops, result);
  return result;
}

TEST(HopSets, GivesDistancesOfManySourcesAtOnce) {
  const Graph graph = random_graph(fewer(150), 60, 1);
  const auto truth = distances_of(graph);
  const auto n = static_cast<size_t>(graph.num_nodes());
  std::vector<int64_t> sources;
  for (int64_t s = 0; s < graph.num_nodes() && s < HopSets::kMaxSources; ++s) sources.push_back(s);
  std::vector<uint8_t> hops(sources.size() * n, 99);
  HopSets(graph, 4).find(sources, hops);
  for (size_t s = 0; s < sources.size(); ++s) {
    for (size_t v = 0; v < n; ++v)
      ASSERT_EQ(int{hops[s * n + v]}, truth[s][v] <= 4 ? truth[s][v] : 0) << s << " to " << v;
  }
}

TEST(HopSets, FollowsDirectedEdgesForwardsOnly) {
  const Graph graph = graph_of(3, {{0, 1}, {2, 1}}, true);
  std::vector<uint8_t> hops(9);
  HopSets(graph, 2).find(std::vector<int64_t>{0, 1, 2}, hops);
  EXPECT_EQ(hops, (std::vector<uint8_t>{0, 1, 0, 0, 0, 0, 0, 1, 0}));
}

// Node 0 of the path 0-1-2-3 ranks 2, 1, 3.
TEST(HopRanking, GivesTheAveragePrecisionsOfAPathByHand) {
  const auto rankings = rank(0, {9, 0.5F, 0.75F, -1}, {0, 1, 2, 3}, 3);
  EXPECT_DOUBLE_EQ(rankings[0].average_precision, 1.0 / 2);
  EXPECT_DOUBLE_EQ(rankings[1].average_precision, 1);
  EXPECT_DOUBLE_EQ(rankings[2].average_precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(rankings[3].average_precision, 1.0 / 2);
  EXPECT_DOUBLE_EQ(rankings[4].average_precision, 1);
  EXPECT_DOUBLE_EQ(rankings[5].average_precision, 1);
  EXPECT_EQ(rankings[0].precision, 0);
  EXPECT_EQ(rankings[1].precision, 1);
}

// Scores 1 for nodes 1 to 4, of which 2 and 3 are neighbours: by node they have ranks 2 and 3.
TEST(HopRanking, BreaksTiesByNodeAndBoundsThem) {
  const auto ranking = rank(0, {5, 1, 1, 1, 1, 0}, {0, 0, 1, 1, 0, 0}, 1)[0];
  EXPECT_DOUBLE_EQ(ranking.average_precision, (1.0 / 2 + 2.0 / 3) / 2);
  EXPECT_DOUBLE_EQ(ranking.optimistic, 1);
  EXPECT_DOUBLE_EQ(ranking.pessimistic, (1.0 / 3 + 2.0 / 4) / 2);
}

// Of source 2 only 3, 4 and 5 are ranked by GEM, and 5 has no positive score: its neighbour 4 has rank 2 and
// is the only hit of three neighbours. All of 0, 1, 3, 4, 5 in truth: 0 and 4 have ranks 1 and 3, 5 has
// rank 5.
TEST(HopRanking, CountsAsGemDoesWhereAsked) {
  const auto ranking = rank(2, {9, -3, 0, 8, 7, -4}, {1, 0, 0, 0, 1, 1}, 1, true)[0];
  EXPECT_DOUBLE_EQ(ranking.gem_average_precision, 1.0 / 2);
  EXPECT_DOUBLE_EQ(ranking.average_precision, (1 + 2.0 / 3 + 3.0 / 5) / 3);
}

// Ranks 0 to 5 hold hops 2, none, 1, 1, 2, 1: of three at one hop one is among the first three, of two at two
// hops one is among the first two, of five within two hops four are among the first five.
TEST(HopRanking, GivesPrecisionsAmongAsManyAsThereAre) {
  const auto rankings = rank(0, {9, 6, 5, 4, 3, 2, 1}, {0, 2, 0, 1, 1, 2, 1}, 2);
  EXPECT_DOUBLE_EQ(rankings[0].precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(rankings[1].precision, 1.0 / 2);
  EXPECT_DOUBLE_EQ(rankings[2].precision, 1.0 / 3);
  EXPECT_DOUBLE_EQ(rankings[3].precision, 4.0 / 5);
}

TEST(HopRanking, DependsOnTheOrderOfScoresOnly) {
  const Matrix scores = random_matrix(1, 600, 3);
  const auto row = scores.row<float>(0);
  std::vector<uint8_t> hops(row.size());
  RandomStream random(4, "hops", 0);
  for (uint8_t& hop : hops) hop = static_cast<uint8_t>(random.below(4));
  hops[17] = 0;
  std::vector<float> plain(row.begin(), row.end()), moved = plain;
  for (float& x : moved) x = std::exp(4 * x) - 3;
  const auto expected = rank(17, plain, hops, 3), seen = rank(17, moved, hops, 3);
  for (size_t set = 0; set < expected.size(); ++set)
    EXPECT_EQ(seen[set].average_precision, expected[set].average_precision) << set;
}

// The mean over shuffles within 3 standard errors of the expectation.
TEST(ChanceAveragePrecision, IsTheMeanOverRandomOrders) {
  for (const auto& [candidates, relevant, known] :
       {std::tuple{20, 3, 0.2662}, {3, 1, 0.6111}, {100, 10, 0.13807}}) {
    const double expected = ChanceAveragePrecision(candidates).of(relevant);
    EXPECT_NEAR(expected, known, 5e-5);
    double sum = 0, squares = 0;
    const auto num_shuffles = static_cast<double>(fewer(10'000));
    std::vector<float> scores(size_t(candidates) + 1);
    std::iota(scores.begin(), scores.end(), 0.0F);
    std::vector<uint8_t> hops(scores.size(), 0);
    std::fill_n(hops.begin() + 1, relevant, uint8_t{1});
    HopRanking ranking(1);
    std::vector<SourceRanking> out(2);
    for (int shuffle = 0; shuffle < int(num_shuffles); ++shuffle) {
      RandomStream(7, "shuffle", uint64_t(shuffle)).shuffle(std::span(scores));
      ranking.measure(0, scores, hops, out);
      sum += out[0].average_precision;
      squares += out[0].average_precision * out[0].average_precision;
    }
    const double mean = sum / num_shuffles, variance = squares / num_shuffles - mean * mean;
    EXPECT_NEAR(mean, expected, 3 * std::sqrt(variance / num_shuffles));
  }
}

TEST(TopPairs, KeepsTheBestInAnyOrderOfArrival) {
  const int64_t n = 40;
  const Matrix scores = random_matrix(n, n, 5);
  const Graph graph = random_graph(n, 3, 6);
  std::vector<uint8_t> hops(40);
  TopPairs forwards(100), backwards(100), other(100);
  const auto add = [&](TopPairs& to, int64_t source) {
    HopSets(graph, 1).find(std::vector{source}, hops);
    to.add(source, source, scores.row<float>(source), hops);
  };
  for (int64_t u = 0; u < n; ++u) add(forwards, u);
  for (int64_t u = n - 1; u >= 0; --u) add(u % 2 == 0 ? backwards : other, u);
  backwards.add(other);
  const std::vector<int64_t> sizes = {1, 10, 37, 100, 101};
  const auto expected = forwards.precision_at(sizes), seen = backwards.precision_at(sizes);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(seen[i], expected[i]) << sizes[i];
  EXPECT_TRUE(std::isnan(expected[4]));
}

TEST(Reconstruction, OfThePerfectDecoderIsPerfect) {
  const Graph graph = random_graph(60, 20, 8);
  const auto truth = distances_of(graph);
  const auto adjacency =
      measure(graph, vectors_scoring(60, [&](size_t u, size_t v) { return truth[u][v] == 1 ? 1.0F : 0.0F; }),
              Decoder::kSourceTarget);
  EXPECT_DOUBLE_EQ(adjacency.exact[0].map, 1);
  EXPECT_DOUBLE_EQ(adjacency.exact[0].precision, 1);
  EXPECT_LT(adjacency.exact[1].map, 0.9);
  const auto distance = measure(
      graph, vectors_scoring(60, [&](size_t u, size_t v) { return -static_cast<float>(truth[u][v]); }),
      Decoder::kSourceTarget);
  for (const HopFigures& figures : distance.cumulative) EXPECT_DOUBLE_EQ(figures.map, 1);
}

TEST(Reconstruction, ByCosineIgnoresTheLengthOfRows) {
  const Graph graph = random_graph(80, 20, 9);
  Matrix vectors = random_matrix(80, 6, 10);
  const auto expected = measure(graph, vectors, Decoder::kCosine);
  float* values = vectors.mutable_data<float>();
  for (int64_t i = 0; i < 80 * 6; ++i) values[i] *= std::exp2(static_cast<float>((i / 6) % 7 - 3));
  const auto seen = measure(graph, vectors, Decoder::kCosine);
  EXPECT_NE(measure(graph, vectors, Decoder::kDot).exact[0].map, expected.exact[0].map);
  for (size_t k = 0; k < 3; ++k) EXPECT_DOUBLE_EQ(seen.exact[k].map, expected.exact[k].map);
}

// |x - y|^2 = 2 - 2 x.y.
TEST(Reconstruction, ByDotAndEuclidAgreesOnRowsOfLengthOne) {
  const Graph graph = random_graph(80, 20, 11);
  Matrix unit;
  normalize_rows(Context(), random_matrix(80, 6, 12), unit);
  const auto dot = measure(graph, unit, Decoder::kDot), euclid = measure(graph, unit, Decoder::kEuclid);
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(dot.exact[k].map, euclid.exact[k].map, 1e-9);
}

// Every pair of leaves is at distance 2, so that two hops reach everything, whatever the scores.
TEST(Reconstruction, OfAStarIsCompleteWithinTwoHops) {
  Edges edges;
  for (uint32_t leaf = 1; leaf < 30; ++leaf) edges.emplace_back(0, leaf);
  const auto figures = measure(graph_of(30, edges), random_matrix(30, 4, 13), Decoder::kDot, 2);
  EXPECT_DOUBLE_EQ(figures.cumulative[1].map, 1);
  EXPECT_DOUBLE_EQ(figures.cumulative[1].chance_map, 1);
  EXPECT_EQ(figures.exact[1].num_sources, 29);
  EXPECT_DOUBLE_EQ(figures.exact[1].mean_relevant, 28);
  EXPECT_LT(figures.exact[1].map, 1);
}

TEST(Reconstruction, DoesNotDependOnTheOrderOfNodes) {
  const int64_t n = 70;
  const Graph graph = random_graph(n, 18, 14);
  const Matrix vectors = random_matrix(n, 5, 15);
  Edges edges;
  Matrix moved(n, 5);
  const auto place = [&](int64_t v) { return (v * 11 + 3) % n; };  // 11 and 70 share no factor
  for (int64_t u = 0; u < n; ++u) {
    std::ranges::copy(vectors.row<float>(u), moved.mutable_data<float>() + place(u) * 5);
    for (const uint32_t v : graph.neighbors(u)) {
      if (v >= u) edges.emplace_back(uint32_t(place(u)), uint32_t(place(v)));
    }
  }
  const auto expected = measure(graph, vectors, Decoder::kDot);
  const auto seen = measure(graph_of(n, edges), moved, Decoder::kDot);
  for (size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(seen.exact[k].map, expected.exact[k].map, 1e-12);
    EXPECT_NEAR(seen.cumulative[k].precision, expected.cumulative[k].precision, 1e-12);
  }
}

/// Each source's figures by sorting all candidates, as the definition says.
double plain_map(const Graph& graph, const MatrixView& vectors, int hop, bool cumulative) {
  const auto truth = distances_of(graph);
  const auto n = static_cast<size_t>(graph.num_nodes());
  double sum = 0, count = 0;
  for (size_t u = 0; u < n; ++u) {
    std::vector<std::pair<double, size_t>> order;
    for (size_t v = 0; v < n; ++v) {
      double dot = 0;
      for (int64_t j = 0; j < vectors.cols; ++j)
        dot += double{vectors.row<float>(int64_t(u))[size_t(j)]} * vectors.row<float>(int64_t(v))[size_t(j)];
      if (v != u) order.emplace_back(-dot, v);
    }
    std::ranges::sort(order);
    double found = 0, precisions = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      const int distance = truth[u][order[i].second];
      if (cumulative ? distance > hop : distance != hop) continue;
      precisions += ++found / double(i + 1);
    }
    if (found > 0) sum += precisions / found, count += 1;
  }
  return sum / count;
}

// Vectors of small integers: products are exact, and most scores are tied.
TEST(Reconstruction, EqualsThePlainDefinition) {
  for (const bool directed : {false, true}) {
    const int64_t n = 300;
    const Graph graph = random_graph(n, 200, 16, directed);
    Matrix vectors = random_matrix(n, 3, 17);
    float* values = vectors.mutable_data<float>();
    for (int64_t i = 0; i < 3 * n; ++i) values[i] = std::round(values[i] * (i % 2 == 0 ? 1 : 40));
    const auto figures = measure(graph, vectors, Decoder::kDot);
    for (int hop = 1; hop <= 3; ++hop) {
      EXPECT_NEAR(figures.exact[size_t(hop) - 1].map, plain_map(graph, vectors, hop, false), 1e-12) << hop;
      EXPECT_NEAR(figures.cumulative[size_t(hop) - 1].map, plain_map(graph, vectors, hop, true), 1e-12);
    }
    EXPECT_GT(figures.tied, 0.01);
    EXPECT_LT(figures.exact[0].pessimistic_map, figures.exact[0].map);
    EXPECT_GT(figures.exact[0].optimistic_map, figures.exact[0].map);
  }
}

TEST(Reconstruction, GivesTheSameFiguresForAnyNumberOfThreads) {
  const Graph graph = random_graph(200, 60, 18);
  const PairScores scores(random_matrix(200, 9, 19), Decoder::kEuclid, Context());
  ReconstructionPlan plan = plan_of(graph);
  plan.pair_counts = {10, 100, 1000};
  Context context;
  context.threads = 1;
  const auto expected = measure_reconstruction(scores, graph, plan, context);
  for (const int threads : {2, 5}) {
    context.threads = threads;
    const auto seen = measure_reconstruction(scores, graph, plan, context);
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(seen.exact[k].map, expected.exact[k].map);
    EXPECT_EQ(seen.precision_at, expected.precision_at);
  }
}

TEST(Reconstruction, GivesTheSameFiguresHoweverManyScoresAreHeld) {
  const Graph graph = random_graph(200, 60, 18);
  const PairScores scores(random_matrix(200, 9, 19), Decoder::kDot, Context());
  ReconstructionPlan plan = plan_of(graph);
  plan.pair_counts = {10, 100, 1000};
  const auto expected = measure_reconstruction(scores, graph, plan, Context());
  for (const int64_t at_once : {1, 11 * 200}) {
    plan.scores_at_once = at_once;
    const auto seen = measure_reconstruction(scores, graph, plan, Context());
    for (size_t k = 0; k < 3; ++k) EXPECT_EQ(seen.exact[k].map, expected.exact[k].map);
    EXPECT_EQ(seen.precision_at, expected.precision_at);
  }
}

TEST(Reconstruction, FindsEdgesAmongTheBestPairs) {
  const Graph graph = random_graph(90, 10, 20);
  const auto truth = distances_of(graph);
  const Context context;
  ReconstructionPlan plan = plan_of(graph);
  plan.pair_counts = {10, 5000};
  const auto figures = measure_reconstruction(
      PairScores(vectors_scoring(90, [&](size_t u, size_t v) { return truth[u][v] == 1 ? 1.0F : 0.0F; }),
                 Decoder::kSourceTarget, context),
      graph, plan, context);
  int64_t edges = 0;
  for (const auto& row : truth) edges += std::ranges::count(row, 1);
  EXPECT_EQ(figures.precision_at[0], 1);
  EXPECT_DOUBLE_EQ(figures.precision_at[1], double(edges) / 5000);
  EXPECT_DOUBLE_EQ(figures.density, double(edges) / (90 * 89));
}

// 5 standard errors of a sample without repetition hold the figure of all sources.
TEST(Reconstruction, EstimatesTheErrorOfSampledSources) {
  const Graph graph = random_graph(400, 80, 21);
  const PairScores scores(random_matrix(400, 16, 22), Decoder::kDot, Context());
  ReconstructionPlan plan = plan_of(graph);
  const auto all = measure_reconstruction(scores, graph, plan, Context());
  EXPECT_EQ(all.exact[0].map_error, 0);
  plan.sources = sample_nodes(graph, 100, Context());
  EXPECT_EQ(plan.sources.size(), 100U);
  const auto some = measure_reconstruction(scores, graph, plan, Context());
  EXPECT_GT(some.exact[1].map_error, 0);
  EXPECT_NEAR(some.exact[1].map, all.exact[1].map, 5 * some.exact[1].map_error);
}

TEST(PairScores, RefusesHalvesOfAnOddWidth) {
  const std::string error =
      error_of([] { PairScores(random_matrix(4, 5, 23), Decoder::kSourceTarget, Context()); });
  EXPECT_NE(error.find("width of 5"), std::string::npos) << error;
}

TEST(PairScores, TakesTheDecoderThatTheRecordNames) {
  EXPECT_EQ(decoder_of(Value::object()), Decoder::kDot);
  EXPECT_EQ(decoder_of(Value::object({{"metric", "cosine"}})), Decoder::kCosine);
  EXPECT_EQ(decoder_of(Value::object({{"metric", "l2"}})), Decoder::kEuclid);
  EXPECT_EQ(decoder_of(Value::object({{"metric", "cosine"}, {"decoder", "source_target"}})),
            Decoder::kSourceTarget);
  const std::string error = error_of([] { decoder_of(Value::object({{"decoder", "mlp"}})); });
  EXPECT_NE(error.find("\"mlp\""), std::string::npos) << error;
}

TEST(PairScores, OfAnAutoEncoderAreTheMeanOfBothReconstructions) {
  // Halves (h_u, 1) and (w_v, b_v): what the last layer gives for v when it is fed u is f(h_u w_v + b_v).
  const std::vector<float> h = {0.5F, -1, 2}, w = {1, 0.25F, -0.5F}, b = {0, 0.1F, -0.3F};
  Matrix vectors(3, 4);
  float* out = vectors.mutable_data<float>();
  for (size_t u = 0; u < 3; ++u) {
    for (const float value : {h[u], 1.0F, w[u], b[u]}) *out++ = value;
  }
  const std::vector<int64_t> sources = {0, 1, 2};
  std::vector<float> found(9);
  const auto check = [&](infer::Activation activation, double (*f)(double)) {
    const PairScores scores(vectors, Decoder::kAutoEncoder, Context(), activation);
    scores.score(sources, found);
    for (size_t u = 0; u < 3; ++u) {
      for (size_t v = 0; v < 3; ++v) {
        const double expected = (f(h[u] * w[v] + b[v]) + f(h[v] * w[u] + b[u])) / 2;
        EXPECT_NEAR(found[3 * u + v], expected, 1e-6) << u << " " << v;
        EXPECT_NEAR(scores.score(int64_t(u), int64_t(v)), expected, 1e-6);
      }
    }
  };
  check(infer::Activation::kTanh, [](double x) { return std::tanh(x); });
  check(infer::Activation::kSigmoid, [](double x) { return 1 / (1 + std::exp(-x)); });
  check(infer::Activation::kRelu, [](double x) { return std::max(x, 0.0); });
  check(infer::Activation::kIdentity, [](double x) { return x; });
}

TEST(Decoders, OfAnAutoEncoderAreItsOwnAlone) {
  const Value record = Value::object({{"decoder", "auto_encoder"}, {"activation", "tanh"}});
  EXPECT_EQ(chosen_decoders(std::vector{DecoderChoice::kCosine, DecoderChoice::kOwn}, record),
            std::vector{Decoder::kAutoEncoder});
  EXPECT_EQ(activation_of(record), infer::Activation::kTanh);
  EXPECT_EQ(activation_of(Value::object({{"decoder", "dot"}, {"activation", "tanh"}})),
            infer::Activation::kIdentity);
  const std::string error =
      error_of([] { activation_of(Value::object({{"decoder", "auto_encoder"}, {"activation", "swish"}})); });
  EXPECT_NE(error.find("\"swish\" (expected: linear, tanh"), std::string::npos) << error;
}

}  // namespace
}  // namespace whitney::eval
