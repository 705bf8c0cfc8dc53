#include "whitney/graph/graph_factorization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

Matrix factors(const Graph& graph, const GraphFactorizationOptions& options, int threads = 1) {
  Context context;
  context.threads = threads;
  return graph_factorization(graph, options, context).vectors;
}

double score(const Matrix& x, int64_t u, int64_t v) {
  const auto a = row_of(x, u), b = row_of(x, v);
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

TEST(GraphFactorization, StepsAlongTheGradientOfAnEdge) {
  const Graph graph = graph_of(2, {{0, 1}}, {2});
  const Matrix x = factors(graph, {.dim = 19, .num_sweeps = 0});
  const Matrix y = factors(graph, {.dim = 19, .learning_rate = 0.1, .penalty = 0.5, .num_sweeps = 1});
  const double error = 2 - score(x, 0, 1);
  for (size_t j = 0; j < 19; ++j) {
    const double a = x.row<float>(0)[j], b = x.row<float>(1)[j];
    EXPECT_NEAR(y.row<float>(0)[j], a + 0.1 * (error * b - 0.5 * a), 1e-6);
    EXPECT_NEAR(y.row<float>(1)[j], b + 0.1 * (error * a - 0.5 * b), 1e-6);
  }
}

TEST(GraphFactorization, FitsAllEdgesOfKarateWhenItHasTheRoom) {
  const Graph graph = karate();
  const Matrix x = factors(graph, {.dim = 64, .num_sweeps = 200});
  double squares = 0;
  for (int64_t u = 0; u < 34; ++u) {
    for (const uint32_t v : graph.neighbors(u)) squares += std::pow(score(x, u, v) - 1, 2);
  }
  EXPECT_LT(std::sqrt(squares / static_cast<double>(graph.nnz())), 0.05);
}

/// The mean over nodes of the average precision of their neighbours among all others, ranked by product.
double mean_average_precision(const Graph& graph, const Matrix& x) {
  double sum = 0;
  for (int64_t u = 0; u < graph.num_nodes(); ++u) {
    std::vector<std::pair<double, bool>> ranking;
    const auto neighbors = graph.neighbors(u);
    for (int64_t v = 0; v < graph.num_nodes(); ++v) {
      if (v != u)
        ranking.emplace_back(-score(x, u, v),
                             std::ranges::binary_search(neighbors, static_cast<uint32_t>(v)));
    }
    std::ranges::sort(ranking);
    double found = 0, precisions = 0;
    for (size_t i = 0; i < ranking.size(); ++i) {
      if (!ranking[i].second) continue;
      precisions += ++found / static_cast<double>(i + 1);
    }
    sum += precisions / found;
  }
  return sum / static_cast<double>(graph.num_nodes());
}

TEST(GraphFactorization, FitsAndRanksEveryEdgeFirstWithAsManyDimensionsAsNodes) {
  // Without the penalty, which pulls an edge's product below 1, to where others are.
  const Graph graph = karate();
  const Matrix x = factors(graph, {.dim = 34, .penalty = 0, .num_sweeps = 2000});
  for (int64_t u = 0; u < 34; ++u) {
    for (const uint32_t v : graph.neighbors(u)) EXPECT_NEAR(score(x, u, v), 1, 1e-5);
  }
  EXPECT_GT(mean_average_precision(graph, x), 0.999);
  // Without descent: by lot.
  EXPECT_LT(mean_average_precision(graph, factors(graph, {.dim = 34, .num_sweeps = 0})), 0.5);
}

TEST(GraphFactorization, GivesNodesWithoutOtherNeighboursZeroVectors) {
  const Matrix x = factors(graph_of(4, {{0, 1}, {2, 2}}), {.dim = 5, .num_sweeps = 3});
  EXPECT_GT(norm(row_of(x, 0)), 0);
  EXPECT_EQ(norm(row_of(x, 2)), 0);
  EXPECT_EQ(norm(row_of(x, 3)), 0);
}

TEST(GraphFactorization, SaysWhenItDiverges) {
  const Graph graph = graph_of(3, {{0, 1}, {1, 2}, {0, 2}}, {1e4F, 1e4F, 1e4F});
  EXPECT_NE(error_of([&] { factors(graph, {.dim = 4}); }).find("float32"), std::string::npos);
}

TEST(GraphFactorization, GivesEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(700, 3000);
  const Matrix one = factors(graph, {.dim = 20, .num_sweeps = 5}, 1);
  EXPECT_TRUE(same_bytes(one, factors(graph, {.dim = 20, .num_sweeps = 5}, 2)));
  EXPECT_TRUE(same_bytes(one, factors(graph, {.dim = 20, .num_sweeps = 5}, 5)));
}

}  // namespace
}  // namespace whitney::graph
