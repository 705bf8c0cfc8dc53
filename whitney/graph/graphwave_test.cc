#include "whitney/graph/graphwave.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney::graph {
namespace {

Graph graph_of(int64_t n, const std::vector<uint32_t>& sources, const std::vector<uint32_t>& targets,
               bool directed = false) {
  return build_graph(Ids::row_numbers(n), {sources, targets, {}}, directed, Context());
}

Graph complete(uint32_t n) {
  std::vector<uint32_t> sources, targets;
  for (uint32_t u = 0; u < n; ++u) {
    for (uint32_t v = 0; v < u; ++v) sources.push_back(u), targets.push_back(v);
  }
  return graph_of(n, sources, targets);
}

/// Two cliques of `size` nodes with a path of `length` nodes between.
Graph barbell(uint32_t size, uint32_t length) {
  std::vector<uint32_t> sources, targets;
  const uint32_t n = 2 * size + length;
  for (uint32_t u = 0; u < n; ++u) {
    for (uint32_t v = 0; v < u; ++v) {
      const bool first = u < size, second = v >= size + length, on_path = v + 1 == u && !first && !second;
      if (first || second || on_path) sources.push_back(u), targets.push_back(v);
    }
  }
  return graph_of(n, sources, targets);
}

double difference(const Embeddings& a, int64_t u, int64_t v) {
  double most = 0;
  for (int64_t j = 0; j < a.dim(); ++j)
    most = std::max(
        most, std::abs(double{a.vectors.row<float>(u)[size_t(j)]} - a.vectors.row<float>(v)[size_t(j)]));
  return most;
}

TEST(HeatSeries, SumsToOneAndEndsWhereItsScaleAllows) {
  for (const double scale : {0.1, 1.0, 12.0, 300.0}) {
    const auto series = heat_series(scale, {});
    EXPECT_NEAR(std::accumulate(series.begin(), series.end(), 0.0), 1, 1e-6) << scale;
  }
  EXPECT_LT(heat_series(0.1, {}).size(), 6U);
  EXPECT_GT(heat_series(300, {}).size(), 60U);
  EXPECT_EQ(heat_series(1, 30).size(), 31U);
}

// The normalised Laplacian of K_n has the eigenvalue 0 once, and n/(n-1): Psi_vv = 1/n + (1 - 1/n) e, and
// Psi_mv = (1 - e)/n elsewhere, with e = exp(-s n/(n-1)).
TEST(GraphWave, GivesTheClosedFormOnACompleteGraph) {
  const int n = 7;
  GraphWaveOptions options;
  options.scales = {0.4, 2.5};
  options.num_points = 6;
  options.max_time = 10;
  const Embeddings waves = graphwave(complete(n), options, Context());
  ASSERT_EQ(waves.dim(), 24);
  for (size_t scale = 0; scale < 2; ++scale) {
    const double e = std::exp(-options.scales[scale] * n / (n - 1));
    const double own = 1.0 / n + (1 - 1.0 / n) * e, other = (1 - e) / n;
    for (size_t point = 0; point < 6; ++point) {
      const double t = 2 * double(point);
      const auto row = waves.vectors.row<float>(3);
      EXPECT_NEAR(row[12 * scale + 2 * point], (std::cos(t * own) + (n - 1) * std::cos(t * other)) / n, 2e-5);
      EXPECT_NEAR(row[12 * scale + 2 * point + 1], (std::sin(t * own) + (n - 1) * std::sin(t * other)) / n,
                  2e-5);
    }
  }
}

TEST(GraphWave, GivesNodesOfEqualSurroundingsEqualVectors) {
  const Embeddings waves = graphwave(barbell(6, 5), {}, Context());
  EXPECT_LT(difference(waves, 0, 1), 1e-5);   // of one clique
  EXPECT_LT(difference(waves, 0, 16), 1e-5);  // of the other
  EXPECT_LT(difference(waves, 6, 10), 1e-5);  // the ends of the path
  EXPECT_GT(difference(waves, 0, 8), 0.01);   // a clique's and the path's middle
  EXPECT_GT(difference(waves, 5, 4), 0.01);   // a gate and its neighbour
}

TEST(GraphWave, LetsIsolatedNodesKeepTheirHeat) {
  GraphWaveOptions options;
  options.scales = {3};
  options.num_points = 2;
  options.max_time = 1;
  const auto row = graphwave(graph_of(4, {0}, {1}), options, Context()).vectors.row<float>(3);
  EXPECT_NEAR(row[2], (std::cos(1.0) + 3) / 4, 1e-6);
  EXPECT_NEAR(row[3], std::sin(1.0) / 4, 1e-6);
}

TEST(GraphWave, CountsDirectedEdgesBothWays) {
  const Graph path = graph_of(4, {0, 1, 2}, {1, 2, 3}), arrows = graph_of(4, {0, 2, 2}, {1, 1, 3}, true);
  EXPECT_EQ(fingerprint(graphwave(path, {}, Context())), fingerprint(graphwave(arrows, {}, Context())));
}

TEST(GraphWave, GivesTheSameBytesForAnyNumberOfThreads) {
  RandomStream random(5, "test", 0);
  std::vector<uint32_t> sources, targets;
  for (int i = 0; i < 400; ++i) {
    sources.push_back(uint32_t(random.below(150)));
    targets.push_back(uint32_t(random.below(150)));
  }
  const Graph graph = graph_of(150, sources, targets);
  Context context;
  context.threads = 1;
  const std::string expected = fingerprint(graphwave(graph, {}, context));
  for (const int threads : {2, 5}) {
    context.threads = threads;
    EXPECT_EQ(fingerprint(graphwave(graph, {}, context)), expected);
  }
}

TEST(GraphWave, RefusesAGraphWithoutNodes) {
  EXPECT_NE(error_of([] { graphwave(Graph(), {}, Context()); }).find("no nodes"), std::string::npos);
}

}  // namespace
}  // namespace whitney::graph
