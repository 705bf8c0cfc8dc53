#include "whitney/graph/line.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/registry.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/line_edges.h"

namespace whitney::graph {
namespace {

LineOptions options_of(LineOrder order, int dim, double samples) {
  LineOptions options;
  options.order = order, options.samples = samples, options.skip_gram.dim = dim;
  return options;
}

Matrix vectors_of(const Graph& graph, const LineOptions& options, int threads = 1, uint64_t seed = 42) {
  Context context;
  context.threads = threads, context.seed = seed;
  return line(graph, options, context).vectors;
}

/// The expectation of first order's loss for a drawn edge with K noise nodes, of which none is the source, by
/// equation 7.
double expected_loss(const Graph& graph, const Matrix& vectors, double negatives) {
  const Dense weights = dense_of(graph);
  std::vector<double> noise;
  double volume = 0, total = 0;
  for (const auto& row : weights) volume += sum(row), noise.push_back(std::pow(sum(row), 0.75));
  const double all_noise = sum(noise);
  for (size_t u = 0; u < weights.size(); ++u) {
    for (size_t v = 0; v < weights.size(); ++v) {
      const auto x = row_of(vectors, static_cast<int64_t>(u)), y = row_of(vectors, static_cast<int64_t>(v));
      const double product = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
      total += weights[u][v] / volume * std::log1p(std::exp(-product));
      if (u == v) continue;
      total += sum(weights[u]) / volume * negatives * noise[v] / all_noise * std::log1p(std::exp(product));
    }
  }
  return total;
}

TEST(LINE, LowersTheLossOfFirstOrderWithEachEdgeDrawn) {
  const Graph graph = karate();
  double before = expected_loss(graph, Matrix::zeros(34, 16), 5);  // 4.007
  for (const double samples : {0.004, 0.016, 0.064, 0.256}) {
    double mean = 0;
    for (const uint64_t seed : {1, 2, 3, 4, 5})
      mean +=
          expected_loss(graph, vectors_of(graph, options_of(LineOrder::kFirst, 16, samples), 1, seed), 5) / 5;
    EXPECT_LT(mean, before) << samples;
    before = mean;
  }
  // The least there is for 16 dimensions, by descent along the whole gradient: 2.1105.
  EXPECT_LT(before, 2.3);
}

double cosine(const Matrix& vectors, int64_t i, int64_t j) {
  const auto a = row_of(vectors, i), b = row_of(vectors, j);
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / (norm(a) * norm(b));
}

/// Bipartite parts of `size` nodes a side, the first before the others, each joined with the next by an edge.
Graph bipartite_parts(uint32_t num_parts, uint32_t size) {
  Edges edges;
  for (uint32_t part = 0; part < num_parts; ++part) {
    const uint32_t first = part * 2 * size;
    edges.push_back({first, (part + 1) % num_parts * 2 * size});
    for (uint32_t u = 0; u < size; ++u) {
      for (uint32_t v = 0; v < size; ++v) edges.push_back({first + u, first + size + v});
    }
  }
  return graph_of(num_parts * 2 * size, edges);
}

TEST(LINE, OfFirstOrderPutsNeighboursNear) {
  const Matrix x = vectors_of(bipartite_parts(8, 3), options_of(LineOrder::kFirst, 16, 0.2));
  EXPECT_GT(cosine(x, 1, 4), cosine(x, 1, 10) + 0.3);
  EXPECT_GT(cosine(x, 7, 10), cosine(x, 7, 22) + 0.3);
}

TEST(LINE, OfSecondOrderPutsNodesOfEqualNeighboursNear) {
  const Matrix x = vectors_of(bipartite_parts(2, 6), options_of(LineOrder::kSecond, 16, 0.2));
  EXPECT_GT(cosine(x, 1, 2), cosine(x, 1, 7) + 0.3);
  EXPECT_GT(cosine(x, 1, 2), cosine(x, 1, 13) + 0.3);
  EXPECT_GT(cosine(x, 20, 21), cosine(x, 20, 14) + 0.3);
}

TEST(LINE, OfBothOrdersHasThemSideBySideWithNormOne) {
  const Graph graph = karate();
  const Matrix both = vectors_of(graph, options_of(LineOrder::kBoth, 16, 0.02));
  const Matrix first = vectors_of(graph, options_of(LineOrder::kFirst, 8, 0.02));
  const Matrix second = vectors_of(graph, options_of(LineOrder::kSecond, 8, 0.02));
  for (int64_t i = 0; i < 34; ++i) {
    std::vector<double> want;
    for (const Matrix* part : {&first, &second}) {
      const auto row = row_of(*part, i);
      for (const double value : row) want.push_back(value / norm(row));
    }
    EXPECT_LT(distance_between(row_of(both, i), want), 1e-6);
  }
}

TEST(LINE, GivesTheSameBytesAtAnyNumberOfThreads) {
  const Graph graph = random_graph(300, 900);
  for (const LineOrder order : {LineOrder::kFirst, LineOrder::kSecond}) {
    const LineOptions options = options_of(order, 9, 0.04);
    const Matrix one = vectors_of(graph, options);
    EXPECT_TRUE(same_bytes(one, vectors_of(graph, options, 2)));
    EXPECT_TRUE(same_bytes(one, vectors_of(graph, options, 5)));
    EXPECT_FALSE(same_bytes(one, vectors_of(graph, options, 1, 43)));
  }
}

TEST(LINE, GivesLonelyNodesZeroVectorsAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Graph graph = graph_of(5, {{0, 1}, {1, 2}, {0, 2}, {2, 3}}, {1, 2, 3, 4});
  const Matrix x = line(graph, options_of(LineOrder::kBoth, 8, 0.01), context).vectors;
  EXPECT_EQ(norm(row_of(x, 4)), 0);
  for (int64_t i = 0; i < 4; ++i) EXPECT_NEAR(norm(row_of(x, i)), std::sqrt(2), 1e-6);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("1 of 5 nodes"), std::string::npos);
}

TEST(LINE, TeachesSourcesAboutTheirTargetsInSecondOrder) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Graph graph = graph_of(4, {{0, 1}, {1, 2}, {2, 3}, {0, 3}}, {}, true);
  const Matrix second = line(graph, options_of(LineOrder::kSecond, 8, 0.01), context).vectors;
  EXPECT_EQ(norm(row_of(second, 3)), 0);
  EXPECT_GT(norm(row_of(second, 2)), 0);
  EXPECT_NE(notes.sentences.at(0).find("1 of 4 nodes"), std::string::npos);
  notes.sentences.clear();
  const Matrix first = line(graph, options_of(LineOrder::kFirst, 8, 0.01), context).vectors;
  EXPECT_GT(norm(row_of(first, 3)), 0);
  EXPECT_NE(notes.sentences.at(0).find("direction"), std::string::npos);
}

TEST(LINE, TakesGraphsWithoutEdgesAndRefusesThoseWithoutNodes) {
  const LineOptions options = options_of(LineOrder::kBoth, 8, 0.01);
  EXPECT_EQ(norm(row_of(vectors_of(graph_of(3, {}), options), 0)), 0);
  EXPECT_NE(error_of([&] { vectors_of(graph_of(0, {}), options); }).find("no nodes"), std::string::npos);
  EXPECT_NE(error_of([] { vectors_of(karate(), options_of(LineOrder::kBoth, 9, 0.01)); }).find("dim 9"),
            std::string::npos);
}

TEST(LINE, DrawsAHundredEdgesForEachUnlessTold) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Graph graph = random_graph(200, 4000);
  LineOptions options = options_of(LineOrder::kFirst, 4, 0.5);
  line(graph, options, context);
  EXPECT_EQ(notes.total, std::llround(0.5e6 / 488));
  options.samples = std::nullopt;
  line(graph, options, context);
  const double samples = 100 * static_cast<double>(graph.nnz());
  EXPECT_EQ(notes.total, std::llround(samples / static_cast<double>(EdgePairs::chunk_size(samples))));
}

TEST(LINE, EstimatesTheLargerOfItsOrders) {
  const DataSize size{.num_rows = 1000000, .nnz = 10000000};
  const auto bytes = [&](LineOrder order, int dim) {
    return estimate_line(size, options_of(order, dim, 100), Context()).peak_bytes;
  };
  EXPECT_GT(bytes(LineOrder::kSecond, 128), bytes(LineOrder::kFirst, 128));
  EXPECT_EQ(bytes(LineOrder::kBoth, 128) - bytes(LineOrder::kSecond, 64), size.num_rows * 64 * 4);
  EXPECT_GT(estimate_line(size, options_of(LineOrder::kBoth, 128, 100), Context()).seconds, 0);
}

TEST(LINE, IsALearner) { EXPECT_EQ(Registry::instance().get(Verb::kLearn, "line").info.class_name, "LINE"); }

}  // namespace
}  // namespace whitney::graph
