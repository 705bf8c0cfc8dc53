#include "whitney/graph/hope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

// Katz's index by its series in float64.
Dense katz_of(const Graph& graph, double beta) {
  Dense step = dense_of(graph);
  for (auto& row : step) {
    for (double& x : row) x *= beta;
  }
  Dense total = step, term = step;
  for (int i = 0; i < 60; ++i) {
    term = product(term, step);
    for (size_t u = 0; u < total.size(); ++u) {
      for (size_t v = 0; v < total.size(); ++v) total[u][v] += term[u][v];
    }
  }
  return total;
}

void expect_products(const Matrix& x, const Dense& want, double tolerance) {
  const size_t half = static_cast<size_t>(x.cols()) / 2;
  for (int64_t u = 0; u < x.rows(); ++u) {
    for (int64_t v = 0; v < x.rows(); ++v) {
      double score = 0;
      for (size_t k = 0; k < half; ++k) score += double{x.row<float>(u)[k]} * x.row<float>(v)[half + k];
      EXPECT_NEAR(score, want[static_cast<size_t>(u)][static_cast<size_t>(v)], tolerance) << u << " " << v;
    }
  }
}

TEST(HOPE, OfFullRankIsTheKatzIndex) {
  const Embeddings result = hope(karate(), {.dim = 68}, Context());
  const double beta = result.record.at("beta").as_real();
  EXPECT_NEAR(result.record.at("spectral_radius").as_real(), 6.7257, 1e-3);  // of the karate club
  EXPECT_NEAR(beta, 0.5 / 6.7257, 1e-4);
  EXPECT_EQ(result.record.at("decoder").as_string(), "source_target");
  expect_products(result.vectors, katz_of(karate(), beta), 1e-6);
}

TEST(HOPE, KeepsDirectionsAndWeights) {
  // With a cycle 0 -> 1 -> 2 -> 0 and a tail 2 -> 3; node 4 has no edges.
  const Graph graph = graph_of(5, {{0, 1}, {1, 2}, {2, 0}, {2, 3}}, {1, 2, 0.5, 3}, true);
  const Embeddings result = hope(graph, {.dim = 10, .beta = 0.3}, Context());
  expect_products(result.vectors, katz_of(graph, 0.3), 1e-6);
  EXPECT_EQ(norm(row_of(result.vectors, 4)), 0);
}

TEST(HOPE, EndsTheSeriesOfAGraphWithoutCycles) {
  const Graph graph = graph_of(4, {{0, 1}, {1, 2}, {2, 3}}, {}, true);
  const Embeddings result = hope(graph, {.dim = 8}, Context());
  EXPECT_EQ(result.record.at("spectral_radius").as_real(), 0);
  expect_products(result.vectors, katz_of(graph, 0.5), 1e-6);
}

TEST(HOPE, FactorisesCommonNeighboursWhereAsked) {
  const Embeddings result = hope(karate(), {.dim = 68, .proximity = Proximity::kCommonNeighbors}, Context());
  expect_products(result.vectors, product(dense_of(karate()), dense_of(karate())), 1e-4);
  HOPEOptions both{.proximity = Proximity::kCommonNeighbors, .beta = 0.1};
  EXPECT_EQ(both.ineffective().size(), 1U);
  EXPECT_TRUE(HOPEOptions().ineffective().empty());
}

TEST(HOPE, RefusesABetaThatIsTooLargeWithTheBound) {
  const std::string error = error_of([] { hope(karate(), {.beta = 0.2}, Context()); });
  EXPECT_NE(error.find("0.14868"), std::string::npos) << error;  // 1 / 6.7257
  EXPECT_THROW(hope(karate(), {.dim = 7}, Context()), UsageError);
  EXPECT_NE(error_of([] { hope(graph_of(0, {}), {}, Context()); }).find("no nodes"), std::string::npos);
}

TEST(HOPE, GivesEqualBytesWithAnyNumberOfThreads) {
  Edges edges;
  RandomStream random(7, "test graph", 0);
  for (int e = 0; e < 4000; ++e)
    edges.push_back({static_cast<uint32_t>(random.below(1500)), static_cast<uint32_t>(random.below(1500))});
  const Graph graph = graph_of(1500, edges, {}, true);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return hope(graph, {.dim = 20}, context).vectors;
  };
  const Matrix one = run(1);
  EXPECT_TRUE(same_bytes(one, run(2)));
  EXPECT_TRUE(same_bytes(one, run(5)));
}

}  // namespace
}  // namespace whitney::graph
