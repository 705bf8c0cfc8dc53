#include "whitney/graph/laplacian_eigenmaps.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

Edges path_edges(uint32_t n) {
  Edges edges;
  for (uint32_t i = 0; i + 1 < n; ++i) edges.push_back({i, i + 1});
  return edges;
}

double squared_distance(const Matrix& x, int64_t u, int64_t v) {
  const double d = distance_between(row_of(x, u), row_of(x, v));
  return d * d;
}

TEST(LaplacianEigenmaps, OfAPathAreThoseOfItsFormula) {
  // L y = lambda D y on a path of n nodes: lambda_k = 1 - cos(pi k / (n - 1)), y_k(i) ~ cos(pi k i / (n -
  // 1)).
  const int64_t n = 30;
  const Matrix x =
      laplacian_eigenmaps(graph_of(n, path_edges(30)), {.dim = 5, .tolerance = 1e-6}, Context()).vectors;
  const double step = std::numbers::pi / static_cast<double>(n - 1);
  for (int64_t k = 1; k <= 5; ++k) {
    const auto column = static_cast<size_t>(k - 1);
    // The Rayleigh quotient is the eigenvalue, and y^T D y is 1.
    double smooth = 0, size = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double y = x.row<float>(i)[column];
      size += (i == 0 || i == n - 1 ? 1 : 2) * y * y;
      if (i > 0) smooth += std::pow(y - x.row<float>(i - 1)[column], 2);
      EXPECT_NEAR(y / x.row<float>(0)[column], std::cos(step * static_cast<double>(k * i)), 1e-3);
    }
    EXPECT_NEAR(size, 1, 1e-5);
    EXPECT_NEAR(smooth / size, 1 - std::cos(step * static_cast<double>(k)), 1e-6);
  }
}

TEST(LaplacianEigenmaps, GiveCommuteTimesOnATree) {
  // A walk from u to v and back takes 2 m dist(u, v) steps on a tree of m edges. Two trees, one node alone.
  const Graph graph = graph_of(9, {{0, 1}, {1, 2}, {1, 3}, {3, 4}, {5, 6}, {6, 7}});
  const LaplacianEigenmapsOptions options{.dim = 6, .commute_time = true, .tolerance = 1e-6};
  const Matrix x = laplacian_eigenmaps(graph, options, Context()).vectors;
  // vol |x_u - x_v|^2 with the volume of the component.
  EXPECT_NEAR(8 * squared_distance(x, 0, 1), 8, 1e-4);
  EXPECT_NEAR(8 * squared_distance(x, 0, 2), 16, 1e-4);
  EXPECT_NEAR(8 * squared_distance(x, 0, 4), 24, 1e-4);
  EXPECT_NEAR(4 * squared_distance(x, 5, 7), 8, 1e-4);
  EXPECT_EQ(norm(row_of(x, 8)), 0);
}

TEST(LaplacianEigenmaps, GiveEachComponentItsOwnDimensionsByEigenvalue) {
  // A path of 12 nodes beside a triangle: the path's smoothest two come before the triangle's (3/2).
  Edges edges = path_edges(12);
  edges.insert(edges.end(), {{12, 13}, {13, 14}, {12, 14}});
  Notes notes;
  Context context;
  context.progress = &notes;
  const Matrix x = laplacian_eigenmaps(graph_of(15, edges), {.dim = 2}, context).vectors;
  for (int64_t i = 12; i < 15; ++i) EXPECT_EQ(norm(row_of(x, i)), 0);
  EXPECT_GT(distance_between(row_of(x, 0), row_of(x, 11)), 0.1);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("3 of 15 nodes got a zero vector"), std::string::npos)
      << notes.sentences[0];
}

TEST(LaplacianEigenmaps, GiveZerosOutsideTheComponentOfAColumn) {
  // Many small components beside a large one, in a block wider than 16 columns, which the solver mixes by
  // what its tolerance allows: a row is 0 or as long as an eigenvector's, and all of a component alike.
  Edges edges;
  RandomStream random(3, "large", 0);
  for (uint32_t v = 1; v < 400; ++v) edges.push_back({v, static_cast<uint32_t>(random.below(v))});
  for (uint32_t v = 400; v < 700; v += 3) edges.insert(edges.end(), {{v, v + 1}, {v + 1, v + 2}, {v, v + 2}});
  const Matrix x =
      laplacian_eigenmaps(graph_of(700, edges), {.dim = 40, .tolerance = 1e-3}, Context()).vectors;
  for (int64_t i = 0; i < 400; ++i) EXPECT_GT(norm(row_of(x, i)), 1e-3);
  for (int64_t i = 400; i < 700; ++i) EXPECT_EQ(norm(row_of(x, i)), 0);
}

TEST(LaplacianEigenmaps, SayWhereThereAreFewerEigenvectors) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Embeddings result = laplacian_eigenmaps(graph_of(4, {{0, 1}, {1, 2}}), {.dim = 8}, context);
  EXPECT_EQ(result.dim(), 8);
  ASSERT_GE(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("4 nodes in 2 components have 2 eigenvectors"), std::string::npos)
      << notes.sentences[0];
  for (size_t k = 2; k < 8; ++k) EXPECT_EQ(result.vectors.row<float>(0)[k], 0);
  EXPECT_EQ(result.record.at("metric").as_string(), "l2");
  EXPECT_EQ(norm(row_of(laplacian_eigenmaps(graph_of(3, {}), {.dim = 2}, Context()).vectors, 1)), 0);
}

TEST(LaplacianEigenmaps, GiveEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(1000, 4000);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return laplacian_eigenmaps(graph, {.dim = 12, .tolerance = 1e-2}, context).vectors;
  };
  const Matrix one = run(1);
  EXPECT_TRUE(same_bytes(one, run(2)));
  EXPECT_TRUE(same_bytes(one, run(5)));
}

}  // namespace
}  // namespace whitney::graph
