#include "whitney/graph/fastrp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/core/registry.h"

namespace whitney::graph {
namespace {

using Edges = std::vector<std::pair<uint32_t, uint32_t>>;
using Dense = std::vector<std::vector<double>>;

struct Notes : Progress {
  std::vector<std::string> sentences;
  int64_t done = 0, total = 0;
  void advance(std::string_view, int64_t now, int64_t all, std::string_view) override {
    done = now, total = all;
  }
  void note(std::string_view sentence) override { sentences.emplace_back(sentence); }
};

Graph graph_of(Ids ids, const Edges& edges, std::vector<float> weights = {}, bool directed = false) {
  std::vector<uint32_t> sources, targets;
  for (const auto& [u, v] : edges) sources.push_back(u), targets.push_back(v);
  return build_graph(std::move(ids), {sources, targets, weights}, directed, Context());
}
Graph graph_of(int64_t n, const Edges& edges, std::vector<float> weights = {}, bool directed = false) {
  return graph_of(Ids::row_numbers(n), edges, std::move(weights), directed);
}

/// Zachary's karate club, 34 nodes and 78 edges.
Graph karate() {
  return graph_of(
      34, {{0, 1},   {0, 2},   {0, 3},   {0, 4},   {0, 5},   {0, 6},   {0, 7},   {0, 8},   {0, 10},  {0, 11},
           {0, 12},  {0, 13},  {0, 17},  {0, 19},  {0, 21},  {0, 31},  {1, 2},   {1, 3},   {1, 7},   {1, 13},
           {1, 17},  {1, 19},  {1, 21},  {1, 30},  {2, 3},   {2, 7},   {2, 8},   {2, 9},   {2, 13},  {2, 27},
           {2, 28},  {2, 32},  {3, 7},   {3, 12},  {3, 13},  {4, 6},   {4, 10},  {5, 6},   {5, 10},  {5, 16},
           {6, 16},  {8, 30},  {8, 32},  {8, 33},  {9, 33},  {13, 33}, {14, 32}, {14, 33}, {15, 32}, {15, 33},
           {18, 32}, {18, 33}, {19, 33}, {20, 32}, {20, 33}, {22, 32}, {22, 33}, {23, 25}, {23, 27}, {23, 29},
           {23, 32}, {23, 33}, {24, 25}, {24, 27}, {24, 31}, {25, 31}, {26, 29}, {26, 33}, {27, 33}, {28, 31},
           {28, 33}, {29, 32}, {29, 33}, {30, 32}, {30, 33}, {31, 32}, {31, 33}, {32, 33}});
}

Dense dense_of(const Graph& graph) {
  const auto n = static_cast<size_t>(graph.num_nodes());
  Dense result(n, std::vector<double>(n));
  for (size_t u = 0; u < n; ++u) {
    const auto neighbors = graph.neighbors(static_cast<int64_t>(u));
    for (size_t e = 0; e < neighbors.size(); ++e) {
      result[u][neighbors[e]] = graph.weighted() ? graph.neighbor_weights(static_cast<int64_t>(u))[e] : 1.0;
    }
  }
  return result;
}

Dense product(const Dense& a, const Dense& b) {
  Dense result(a.size(), std::vector<double>(b[0].size()));
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) {
      for (size_t j = 0; j < b[0].size(); ++j) result[i][j] += a[i][k] * b[k][j];
    }
  }
  return result;
}

double norm(const std::vector<double>& row) {
  return std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
}

double sum(const std::vector<double>& row) { return std::accumulate(row.begin(), row.end(), 0.0); }

Dense normalized(Dense matrix) {
  for (auto& row : matrix) {
    const double length = norm(row);
    for (double& x : row) x = length > 0 ? x / length : 0;
  }
  return matrix;
}

/// R, as the library draws it.
Dense projection_of(const Graph& graph, const FastRPOptions& options, uint64_t seed) {
  const double s = options.sparsity.value_or(std::sqrt(static_cast<double>(graph.num_nodes())));
  const RandomProjection projection(options.projection, options.dim, s, seed, "fastrp");
  Dense result;
  std::vector<float> row(static_cast<size_t>(options.dim));
  for (int64_t i = 0; i < graph.num_nodes(); ++i) {
    projection.write_row(random_key(graph.ids, i), row.data());
    result.emplace_back(row.begin(), row.end());
  }
  return result;
}

/// U_0 .. U_k by dense products in float64, degrees divided by `degree_unit`.
std::vector<Dense> reference_powers(const Graph& graph, const FastRPOptions& options, uint64_t seed,
                                    double degree_unit) {
  Dense matrix = dense_of(graph);
  Dense power = projection_of(graph, options, seed);
  for (size_t i = 0; i < matrix.size(); ++i) {
    const double degree = sum(matrix[i]);
    for (double& x : power[i]) x *= std::pow(degree / degree_unit, options.beta);
    if (options.input == FastRPInput::kTransition) {
      for (double& x : matrix[i]) x /= degree;
    }
  }
  std::vector<Dense> powers = {power};
  for (size_t i = 0; i < options.weights.size(); ++i) powers.push_back(power = product(matrix, power));
  return powers;
}

Dense reference_sum(const std::vector<Dense>& powers, const std::vector<double>& weights) {
  Dense result(powers[0].size(), std::vector<double>(powers[0][0].size()));
  for (size_t p = 0; p < weights.size(); ++p) {
    const Dense rows = normalized(powers[p + 1]);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < rows[i].size(); ++j) result[i][j] += weights[p] * rows[i][j];
    }
  }
  return result;
}

Dense standardized(Dense matrix) {
  const auto n = static_cast<double>(matrix.size());
  for (size_t j = 0; j < matrix[0].size(); ++j) {
    double mean = 0, variance = 0;
    for (const auto& row : matrix) mean += row[j] / n;
    for (const auto& row : matrix) variance += (row[j] - mean) * (row[j] - mean) / n;
    for (auto& row : matrix) row[j] = variance > 0 ? (row[j] - mean) / std::sqrt(variance) : 0;
  }
  return matrix;
}

std::vector<double> row_of(const Matrix& matrix, int64_t i) {
  const auto row = matrix.row<float>(i);
  return {row.begin(), row.end()};
}

double distance_between(const std::vector<double>& a, const std::vector<double>& b) {
  double total = 0;
  for (size_t j = 0; j < a.size(); ++j) total += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(total);
}

void expect_rows_near(const Matrix& actual, const Dense& expected, double relative) {
  ASSERT_EQ(actual.rows(), std::ssize(expected));
  ASSERT_EQ(actual.cols(), std::ssize(expected[0]));
  for (int64_t i = 0; i < actual.rows(); ++i) {
    const auto& want = expected[static_cast<size_t>(i)];
    EXPECT_LE(distance_between(row_of(actual, i), want), relative * norm(want)) << "row " << i;
  }
}

bool same_bytes(const Matrix& a, const Matrix& b) {
  return a.bytes().size() == b.bytes().size() &&
         std::memcmp(a.bytes().data(), b.bytes().data(), static_cast<size_t>(a.bytes().size())) == 0;
}

/// Nothing but the method's core: no degree scaling, no standardisation.
FastRPOptions plain(int dim, std::vector<double> weights) {
  FastRPOptions options;
  options.dim = dim;
  options.weights = std::move(weights);
  options.beta = 0;
  options.sparsity = 1.5;
  options.standardize = false;
  return options;
}

Matrix vectors_of(const Graph& graph, const FastRPOptions& options, const Context& context = Context()) {
  return fastrp(graph, options, context).vectors;
}

TEST(FastRP, EqualsTheDenseFormulaOnTheKarateClub) {
  const Graph graph = karate();
  for (uint64_t seed : {1U, 2U, 42U}) {
    for (const std::vector<double>& weights :
         {std::vector<double>{0, 0, 1, 6.67}, {1, 1, 7.81, 45.28}, {0, 2, 0, 0}, {1}}) {
      FastRPOptions options = plain(37, weights);
      options.beta = -0.64;
      options.sparsity.reset();
      Context context;
      context.seed = seed;
      const Dense want = reference_sum(reference_powers(graph, options, seed, 1), weights);
      expect_rows_near(vectors_of(graph, options, context), want, 1e-5);
      options.standardize = true;
      expect_rows_near(vectors_of(graph, options, context), standardized(want), 1e-4);
    }
  }
}

TEST(FastRP, EqualsTheDenseFormulaWithWeightsOfEdgesAndAdjacencyInput) {
  const Graph graph = graph_of(5, {{0, 1}, {1, 2}, {2, 0}, {2, 3}, {3, 4}}, {2, 0.5, 3, 1, 7});
  for (FastRPInput input : {FastRPInput::kTransition, FastRPInput::kAdjacency}) {
    for (Projection projection : {Projection::kVerySparse, Projection::kGaussian}) {
      FastRPOptions options = plain(19, {1, 0.5, 2});
      options.input = input;
      options.projection = projection;
      options.beta = 0.3;
      const Dense want = reference_sum(reference_powers(graph, options, 42, 1), options.weights);
      expect_rows_near(vectors_of(graph, options), want, 1e-5);
    }
  }
}

TEST(FastRP, FollowsTheDirectionOfEdges) {
  // 0 -> 1 -> 2: U_1 row 0 = r_1, row 1 = r_2, row 2 has no successor.
  const Graph graph = graph_of(3, {{0, 1}, {1, 2}}, {}, true);
  const FastRPOptions options = plain(16, {1});
  const Dense r = normalized(projection_of(graph, options, 42));
  expect_rows_near(vectors_of(graph, options), {r[1], r[2], std::vector<double>(16)}, 1e-6);
}

TEST(FastRP, DoesNotDependOnTheUnitOfDegrees) {
  const Graph graph = karate();
  FastRPOptions options = plain(64, {1, 2, 3});
  options.beta = -0.9;
  const double two_m = static_cast<double>(graph.nnz());
  const std::vector<Dense> scaled = reference_powers(graph, options, 42, two_m);
  expect_rows_near(vectors_of(graph, options), reference_sum(scaled, options.weights), 1e-6 * 6);
  // Not normalised, the powers are proportional: deg^beta = (2m)^beta (deg/2m)^beta.
  const FastRPPowers powers = fastrp_powers(graph, options, Context());
  for (size_t p = 0; p < scaled.size(); ++p) {
    Dense want = scaled[p];
    for (auto& row : want) {
      for (double& x : row) x *= std::pow(two_m, options.beta);
    }
    expect_rows_near(powers.powers[p], want, 1e-6);
  }
}

TEST(FastRP, GivesTheLeavesOfAStarEqualVectors) {
  Edges edges;
  for (uint32_t leaf = 1; leaf < 12; ++leaf) edges.push_back({0, leaf});
  const FastRPPowers powers = fastrp_powers(graph_of(12, edges), plain(32, {1, 1, 1, 1}), Context());
  for (size_t p = 1; p < powers.powers.size(); ++p) {
    const auto first = row_of(powers.powers[p], 1);
    EXPECT_GT(norm(first), 0);
    for (int64_t leaf = 2; leaf < 12; ++leaf)
      EXPECT_EQ(row_of(powers.powers[p], leaf), first) << "power " << p;
  }
}

TEST(FastRP, GivesEachSideOfACompleteBipartiteGraphOneVector) {
  Edges edges;
  for (uint32_t left = 0; left < 3; ++left) {
    for (uint32_t right = 3; right < 8; ++right) edges.push_back({left, right});
  }
  const Matrix x = vectors_of(graph_of(8, edges), plain(32, {1, 2}));
  for (int64_t left = 1; left < 3; ++left) EXPECT_EQ(row_of(x, left), row_of(x, 0));
  for (int64_t right = 4; right < 8; ++right) EXPECT_EQ(row_of(x, right), row_of(x, 3));
  EXPECT_NE(row_of(x, 0), row_of(x, 3));
}

TEST(FastRP, GivesTwoConnectedNodesEachOthersRandomRow) {
  const Graph graph = graph_of(2, {{0, 1}});
  const FastRPOptions options = plain(32, {1});
  const Dense r = normalized(projection_of(graph, options, 42));
  expect_rows_near(vectors_of(graph, options), {r[1], r[0]}, 1e-6);
}

TEST(FastRP, AveragesTheNeighboursOfATriangleByWeight) {
  FastRPOptions options = plain(32, {1});
  const Dense r = projection_of(graph_of(3, {{0, 1}}), options, 42);
  const auto mean_of_b_and_c = [&](double weight_b) {
    std::vector<double> row(32);
    for (size_t j = 0; j < 32; ++j) row[j] = (weight_b * r[1][j] + r[2][j]) / 2;
    return normalized({row})[0];
  };
  const Edges triangle = {{0, 1}, {0, 2}, {1, 2}};
  EXPECT_LT(distance_between(row_of(vectors_of(graph_of(3, triangle), options), 0), mean_of_b_and_c(1)),
            1e-6);
  const Graph weighted = graph_of(3, triangle, {2, 1, 1});
  for (NeighborMean mean_by : {NeighborMean::kWeightSum, NeighborMean::kNeighborCount}) {
    options.mean_by = mean_by;
    EXPECT_LT(distance_between(row_of(vectors_of(weighted, options), 0), mean_of_b_and_c(2)), 1e-6);
  }
}

TEST(FastRP, DividesByNeighboursOrByWeights) {
  // a-b weighs 4, a-c weighs 1. Row a of U_1 is (4 r_b + r_c) / 5 by weights, / 2 by neighbours.
  const Graph graph = graph_of(3, {{0, 1}, {0, 2}}, {4, 1});
  FastRPOptions options = plain(24, {1});
  const Dense r = projection_of(graph, options, 42);
  for (const auto& [mean_by, divisor] :
       {std::pair{NeighborMean::kWeightSum, 5.0}, {NeighborMean::kNeighborCount, 2.0}}) {
    options.mean_by = mean_by;
    const FastRPPowers powers = fastrp_powers(graph, options, Context());
    std::vector<double> want(24);
    for (size_t j = 0; j < 24; ++j) want[j] = (4 * r[1][j] + r[2][j]) / divisor;
    EXPECT_LT(distance_between(row_of(powers.powers[1], 0), want), 1e-6 * norm(want));
  }
}

TEST(FastRP, AddsTheNodesOwnRandomRow) {
  const Graph graph = graph_of(4, {{0, 1}, {1, 2}});
  FastRPOptions options = plain(32, {0});
  options.node_self_influence = 0.6;
  Dense want = normalized(projection_of(graph, options, 42));
  for (auto& row : want) {
    for (double& x : row) x *= 0.6;
  }
  expect_rows_near(vectors_of(graph, options), want, 1e-6);
}

TEST(FastRP, GivesIsolatedNodesZeroVectorsAndCountsThem) {
  const Graph graph = graph_of(6, {{0, 1}, {1, 2}, {0, 2}, {2, 4}});
  Notes notes;
  Context context;
  context.progress = &notes;
  const Matrix x = vectors_of(graph, FastRPOptions(), context);
  EXPECT_EQ(norm(row_of(x, 3)), 0);
  EXPECT_EQ(norm(row_of(x, 5)), 0);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("2 of 6 nodes"), std::string::npos) << notes.sentences[0];
}

TEST(FastRP, StandardisesOverTheNodesThatHaveAVector) {
  // The isolated nodes 0 and 3 change nothing for the others.
  const Graph with = graph_of(Ids::integers({90, 10, 11, 91, 12}), {{1, 2}, {2, 4}});
  const Graph without = graph_of(Ids::integers({10, 11, 12}), {{0, 1}, {1, 2}});
  FastRPOptions options;
  options.sparsity = 2;
  const Matrix x = vectors_of(with, options), y = vectors_of(without, options);
  EXPECT_EQ(row_of(x, 1), row_of(y, 0));
  EXPECT_EQ(row_of(x, 2), row_of(y, 1));
  EXPECT_EQ(row_of(x, 4), row_of(y, 2));
  EXPECT_EQ(norm(row_of(x, 3)), 0);
}

TEST(FastRP, KeepsTheRandomRowOfANodeWhenOthersCome) {
  const FastRPOptions options = plain(48, {1});
  const Graph before = graph_of(Ids::integers({5, 900, 3}), {{0, 1}, {1, 2}});
  // Another order, a new node, and a string that makes strings of all ids.
  const Graph after =
      graph_of(Ids::strings(std::vector<std::string>{"new", "3", "5", "900"}), {{1, 3}, {2, 3}, {0, 1}});
  const FastRPPowers a = fastrp_powers(before, options, Context()),
                     b = fastrp_powers(after, options, Context());
  EXPECT_EQ(row_of(a.powers[0], 0), row_of(b.powers[0], 2));
  EXPECT_EQ(row_of(a.powers[0], 1), row_of(b.powers[0], 3));
  EXPECT_EQ(row_of(a.powers[0], 2), row_of(b.powers[0], 1));
}

Graph random_graph(int64_t n, int64_t num_edges) {
  RandomStream stream(5, "test graph", 0);
  Edges edges;
  for (int64_t e = 0; e < num_edges; ++e) {
    const auto u = static_cast<uint32_t>(stream.below(static_cast<uint64_t>(n)));
    edges.push_back({u, static_cast<uint32_t>(stream.below(u + 1))});
  }
  return graph_of(n, edges);
}

TEST(FastRP, GivesEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(5000, 20000);
  for (PowerCombination combine : {PowerCombination::kSum, PowerCombination::kConcatenate}) {
    FastRPOptions options;
    options.dim = 40;
    options.weights = {1, 0.5, 2};
    options.combine = combine;
    Context context;
    context.threads = 1;
    const Matrix one = vectors_of(graph, options, context);
    for (int threads : {2, 5}) {
      context.threads = threads;
      EXPECT_TRUE(same_bytes(vectors_of(graph, options, context), one)) << threads << " threads";
    }
  }
}

TEST(FastRP, CombinesKeptPowersToTheSameBytes) {
  const Graph graph = random_graph(700, 1500);
  FastRPOptions options;
  options.dim = 33;
  options.weights = {1, 1, 1, 1};
  const FastRPPowers powers = fastrp_powers(graph, options, Context());
  for (const std::vector<double>& weights :
       {std::vector<double>{0, 0, 1, 6.67}, {1, 1, 7.81, 45.28}, {0, 3, 0, 0}, {2, 0, 5}, {1}}) {
    for (bool flag : {true, false}) {
      options.weights = weights;
      options.normalize_rows = flag;
      options.standardize = !flag;
      options.node_self_influence = flag ? 0 : 0.25;
      EXPECT_TRUE(same_bytes(combine_powers(powers, options, Context()).vectors, vectors_of(graph, options)));
    }
  }
  options = FastRPOptions();
  options.dim = 33;
  options.combine = PowerCombination::kConcatenate;
  options.num_powers = 3;
  EXPECT_TRUE(same_bytes(combine_powers(powers, options, Context()).vectors, vectors_of(graph, options)));
}

TEST(FastRP, ConcatenatesNormalisedPowers) {
  const Graph graph = karate();
  FastRPOptions options = plain(20, {});
  options.combine = PowerCombination::kConcatenate;
  options.num_powers = 2;
  FastRPOptions two_weights = options;
  two_weights.weights = {1, 1};
  const std::vector<Dense> powers = reference_powers(graph, two_weights, 42, 1);
  Dense want = normalized(powers[1]);
  const Dense second = normalized(powers[2]);
  for (size_t i = 0; i < want.size(); ++i) want[i].insert(want[i].end(), second[i].begin(), second[i].end());
  expect_rows_near(vectors_of(graph, options), want, 1e-5);
}

double gram_error(const Dense& exact, const Matrix& projected) {
  double error = 0, total = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    for (size_t j = 0; j < exact.size(); ++j) {
      const auto a = row_of(projected, static_cast<int64_t>(i)),
                 b = row_of(projected, static_cast<int64_t>(j));
      const double want = std::inner_product(exact[i].begin(), exact[i].end(), exact[j].begin(), 0.0);
      const double got = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
      error += (got - want) * (got - want);
      total += want * want;
    }
  }
  return std::sqrt(error / total);
}

TEST(FastRP, ApproximatesTheGramMatrixWithErrorFallingAsTheRootOfDim) {
  const Graph graph = karate();
  Dense exact = dense_of(graph);  // A L with beta = -0.5: entry ij = S_ij / deg_i * deg_j^-0.5
  std::vector<double> degrees;
  for (const auto& row : exact) degrees.push_back(sum(row));
  for (size_t i = 0; i < exact.size(); ++i) {
    for (size_t j = 0; j < exact.size(); ++j) exact[i][j] *= std::pow(degrees[j], -0.5) / degrees[i];
  }
  double narrow = 0, wide = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Context context;
    context.seed = seed;
    for (int dim : {256, 4096}) {
      FastRPOptions options = plain(dim, {1});
      options.beta = -0.5;
      options.sparsity = 3;
      (dim == 256 ? narrow : wide) +=
          gram_error(exact, fastrp_powers(graph, options, context).powers[1]) / 10;
    }
  }
  EXPECT_LT(narrow, 0.3);
  // 4 in expectation; under 1,000 sets of ten seeds the ratio stayed within 2.9 and 5.5.
  EXPECT_GT(narrow / wide, 2.7);
  EXPECT_LT(narrow / wide, 6.0);
}

TEST(FastRP, UnderstandsTheNamesOfNeo4j) {
  const Graph graph = karate();
  FastRPOptions ours = plain(32, {0, 1, 1});
  ours.beta = -0.3;
  FastRPOptions theirs = plain(32, FastRPOptions().weights);
  theirs.beta = FastRPOptions().beta;
  theirs.iteration_weights = {0, 1, 1};
  theirs.normalization_strength = -0.3;
  EXPECT_TRUE(same_bytes(vectors_of(graph, ours), vectors_of(graph, theirs)));
  theirs.beta = 0.5;
  EXPECT_THROW(vectors_of(graph, theirs), UsageError);
}

template <class Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(FastRP, SaysThatNodePropertiesAreNotReadYet) {
  FastRPOptions options;
  options.property_ratio = 0.5;
  EXPECT_NE(error_of([&] { vectors_of(karate(), options); }).find("property_ratio"), std::string::npos);
}

TEST(FastRP, RefusesWeightsThatAreAllZero) {
  EXPECT_NE(error_of([] { vectors_of(karate(), plain(8, {0, 0})); }).find("node_self_influence"),
            std::string::npos);
  EXPECT_NE(error_of([] { vectors_of(karate(), plain(8, {})); }).find("weights"), std::string::npos);
}

TEST(FastRP, RefusesMoreWeightsThanKeptPowers) {
  const FastRPPowers powers = fastrp_powers(karate(), plain(8, {1, 1}), Context());
  EXPECT_NE(error_of([&] { combine_powers(powers, plain(8, {1, 1, 1}), Context()); }).find("3 weights"),
            std::string::npos);
}

TEST(FastRP, RefusesAGraphWithoutNodes) {
  EXPECT_NE(error_of([] { vectors_of(graph_of(0, {}), FastRPOptions()); }).find("no nodes"),
            std::string::npos);
}

TEST(FastRP, SaysWhenPowersLeaveTheRangeOfFloat) {
  const Graph graph = graph_of(3, {{0, 1}, {1, 2}, {0, 2}}, {1e15F, 1e15F, 1e15F});
  FastRPOptions options = plain(8, {0, 0, 1});
  options.input = FastRPInput::kAdjacency;
  EXPECT_NE(error_of([&] { vectors_of(graph, options); }).find("float32"), std::string::npos);
  options.normalize_rows = false;
  EXPECT_NE(error_of([&] { vectors_of(graph, options); }).find("float32"), std::string::npos);
}

TEST(FastRP, StopsWhenAskedTo) {
  CancellationToken token;
  token.request();
  Context context;
  context.cancellation = &token;
  EXPECT_THROW(vectors_of(karate(), FastRPOptions(), context), Cancelled);
}

TEST(FastRP, ReportsEachPower) {
  Notes notes;
  Context context;
  context.progress = &notes;
  vectors_of(karate(), FastRPOptions(), context);
  EXPECT_EQ(notes.done, 4);
  EXPECT_EQ(notes.total, 4);
}

TEST(FastRP, NamesOptionsWithoutEffect) {
  EXPECT_TRUE(FastRPOptions().ineffective().empty());
  FastRPOptions options;
  options.projection = Projection::kGaussian;
  options.sparsity = 3;
  options.num_powers = 2;
  ASSERT_EQ(options.ineffective().size(), 2U);
  EXPECT_NE(options.ineffective()[0].find("sparsity"), std::string::npos);
  EXPECT_NE(options.ineffective()[1].find("num_powers"), std::string::npos);
}

TEST(FastRP, EstimatesOneMatrixMoreForWeightsOfEarlyPowers) {
  const DataSize size{.num_rows = 1000000, .nnz = 10000000};
  FastRPOptions options;
  const int64_t two = estimate_fastrp(size, options, Context()).peak_bytes;
  options.weights = {1, 1, 1, 1};
  const int64_t three = estimate_fastrp(size, options, Context()).peak_bytes;
  EXPECT_EQ(three - two, size.num_rows * options.dim * 4);
  EXPECT_GT(two, 2 * size.num_rows * options.dim * 4);
}

TEST(FastRP, IsALearnerWhoseResultCarriesItsMetric) {
  const Method& method = Registry::instance().get(Verb::kLearn, "fastrp");
  EXPECT_EQ(method.info.class_name, "FastRP");
  EXPECT_EQ(fastrp(karate(), FastRPOptions(), Context()).metric(), Metric::kCosine);
}

}  // namespace
}  // namespace whitney::graph
