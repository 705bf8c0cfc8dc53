#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/random.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/random_projection.h"

/// Graphs, a plain reference in float64, and what the tests of FastRP compare by.
namespace whitney::graph {

using Edges = std::vector<std::pair<uint32_t, uint32_t>>;
using Dense = std::vector<std::vector<double>>;

inline Graph graph_of(Ids ids, const Edges& edges, std::vector<float> weights = {}, bool directed = false) {
  std::vector<uint32_t> sources, targets;
  for (const auto& [u, v] : edges) sources.push_back(u), targets.push_back(v);
  return build_graph(std::move(ids), {sources, targets, weights}, directed, Context());
}
inline Graph graph_of(int64_t n, const Edges& edges, std::vector<float> weights = {}, bool directed = false) {
  return graph_of(Ids::row_numbers(n), edges, std::move(weights), directed);
}

/// So many edges drawn among the nodes, loops and repeated ones with them.
inline Graph random_graph(uint32_t num_nodes, int num_edges) {
  Edges edges;
  RandomStream random(7, "test graph", 0);
  for (int e = 0; e < num_edges; ++e)
    edges.push_back(
        {static_cast<uint32_t>(random.below(num_nodes)), static_cast<uint32_t>(random.below(num_nodes))});
  return graph_of(num_nodes, edges);
}

/// Zachary's karate club, 34 nodes and 78 edges.
inline Graph karate() {
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

inline Dense dense_of(const Graph& graph) {
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

inline Dense product(const Dense& a, const Dense& b) {
  Dense result(a.size(), std::vector<double>(b[0].size()));
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t k = 0; k < b.size(); ++k) {
      for (size_t j = 0; j < b[0].size(); ++j) result[i][j] += a[i][k] * b[k][j];
    }
  }
  return result;
}

inline double norm(const std::vector<double>& row) {
  return std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
}

inline double sum(const std::vector<double>& row) { return std::accumulate(row.begin(), row.end(), 0.0); }

inline Dense normalized(Dense matrix) {
  for (auto& row : matrix) {
    const double length = norm(row);
    for (double& x : row) x = length > 0 ? x / length : 0;
  }
  return matrix;
}

/// R, as the library draws it.
inline Dense projection_of(const Graph& graph, const FastRPOptions& options, uint64_t seed) {
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
inline std::vector<Dense> reference_powers(const Graph& graph, const FastRPOptions& options, uint64_t seed,
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

inline Dense reference_sum(const std::vector<Dense>& powers, const std::vector<double>& weights) {
  Dense result(powers[0].size(), std::vector<double>(powers[0][0].size()));
  for (size_t p = 0; p < weights.size(); ++p) {
    const Dense rows = normalized(powers[p + 1]);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < rows[i].size(); ++j) result[i][j] += weights[p] * rows[i][j];
    }
  }
  return result;
}

inline Dense standardized(Dense matrix) {
  const auto n = static_cast<double>(matrix.size());
  for (size_t j = 0; j < matrix[0].size(); ++j) {
    double mean = 0, variance = 0;
    for (const auto& row : matrix) mean += row[j] / n;
    for (const auto& row : matrix) variance += (row[j] - mean) * (row[j] - mean) / n;
    for (auto& row : matrix) row[j] = variance > 0 ? (row[j] - mean) / std::sqrt(variance) : 0;
  }
  return matrix;
}

inline std::vector<double> row_of(const Matrix& matrix, int64_t i) {
  const auto row = matrix.row<float>(i);
  return {row.begin(), row.end()};
}

inline double distance_between(const std::vector<double>& a, const std::vector<double>& b) {
  double total = 0;
  for (size_t j = 0; j < a.size(); ++j) total += (a[j] - b[j]) * (a[j] - b[j]);
  return std::sqrt(total);
}

inline void expect_rows_near(const Matrix& actual, const Dense& expected, double relative) {
  ASSERT_EQ(actual.rows(), std::ssize(expected));
  ASSERT_EQ(actual.cols(), std::ssize(expected[0]));
  for (int64_t i = 0; i < actual.rows(); ++i) {
    const auto& want = expected[static_cast<size_t>(i)];
    EXPECT_LE(distance_between(row_of(actual, i), want), relative * norm(want)) << "row " << i;
  }
}

inline bool same_bytes(const Matrix& a, const Matrix& b) {
  return a.bytes().size() == b.bytes().size() &&
         std::memcmp(a.bytes().data(), b.bytes().data(), static_cast<size_t>(a.bytes().size())) == 0;
}

/// Nothing but the method's core: no degree scaling, no standardisation.
inline FastRPOptions plain(int dim, std::vector<double> weights) {
  FastRPOptions options;
  options.dim = dim;
  options.weights = std::move(weights);
  options.beta = 0;
  options.sparsity = 1.5;
  options.standardize = false;
  return options;
}

inline Matrix vectors_of(const Graph& graph, const FastRPOptions& options,
                         const Context& context = Context()) {
  return fastrp(graph, options, context).vectors;
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

}  // namespace whitney::graph
