#include "whitney/graph/prone.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/prone_stages.h"

namespace whitney::graph {
namespace {

// The second stage by dense products in float64, straight from the equations.
Dense reference_propagation(const Graph& graph, const Dense& start, const ProNEOptions& options) {
  const Dense adjacency = dense_of(graph);
  const size_t n = adjacency.size(), d = start[0].size();
  Dense m = adjacency, with_own = adjacency;
  for (size_t i = 0; i < n; ++i) {
    with_own[i][i] += 1;
    const double row = sum(with_own[i]);
    for (size_t j = 0; j < n; ++j) m[i][j] = (i == j ? 1 - options.mu : 0) - with_own[i][j] / row;
  }
  const Dense square = product(m, m);
  std::vector<Dense> terms = {start, product(square, start)};
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < d; ++j) terms[1][i][j] = 0.5 * terms[1][i][j] - start[i][j];
  }
  while (std::ssize(terms) < options.order) {
    const Dense &last = terms.back(), &before = terms[terms.size() - 2];
    Dense next = product(square, last);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < d; ++j) next[i][j] -= 2 * last[i][j] + before[i][j];
    }
    terms.push_back(next);
  }
  Dense rest = start;
  for (int t = 0; t < options.order; ++t) {
    const double bessel = std::cyl_bessel_i(t, options.theta) * (t == 0 ? 1 : 2) * (t % 2 == 0 ? 1 : -1);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < d; ++j) rest[i][j] -= bessel * terms[static_cast<size_t>(t)][i][j];
    }
  }
  return product(with_own, rest);
}

Graph weighted_graph() {
  return graph_of(6, {{0, 1}, {1, 2}, {0, 2}, {2, 3}, {3, 3}, {3, 4}}, {2, 0.5, 1, 3, 1.5, 1});
}

TEST(ProNE, FactorisesTheMatrixOfItsFormula) {
  // The path 0 - 1 - 2 with weights 1 and 3, degrees 1, 4, 3: p_01 = 1, p_10 = 1/4, p_12 = 3/4, p_21 = 1.
  // Column sums 1/4, 2, 3/4.
  const Graph graph = graph_of(3, {{0, 1}, {1, 2}}, {1, 3});
  const ProNEMatrix matrix = prone_matrix(graph, degrees_of(graph, Context()), Context());
  const std::vector<double> sums = {0.25, 2, 0.75};
  double total = 0;
  for (const double s : sums) total += std::pow(s, 0.75);
  const auto entry = [&](double p, size_t j) {
    return std::log(p) - std::log(std::pow(sums[j], 0.75) / total);
  };
  const std::vector<double> want = {entry(1, 1), entry(0.25, 0), entry(0.75, 2), entry(1, 1)};
  const std::vector<double> back = {entry(0.25, 0), entry(1, 1), entry(1, 1), entry(0.75, 2)};
  for (int64_t e = 0; e < 4; ++e) {
    EXPECT_NEAR(matrix.entries[e], want[static_cast<size_t>(e)], 1e-6) << e;
    EXPECT_NEAR(matrix.transposed[e], back[static_cast<size_t>(e)], 1e-6) << e;
  }
}

TEST(ProNE, ExpandsTheFilterByModifiedBesselFunctions) {
  const std::vector<double> c = prone_coefficients(3, 0.5);
  EXPECT_NEAR(c[0], 1.0634834, 1e-7);
  EXPECT_NEAR(c[1], -2 * 0.2578943, 1e-7);
  EXPECT_NEAR(c[2], 2 * std::cyl_bessel_i(2, 0.5), 1e-12);
  EXPECT_NEAR(prone_coefficients(1, 30)[0] / std::cyl_bessel_i(0, 30.0), 1, 1e-12);
}

TEST(ProNE, PropagatesAsDenseProductsDo) {
  for (const Graph& graph : {karate(), weighted_graph()}) {
    for (const auto& [order, mu] : {std::pair{2, 0.2}, {3, -4.0}, {10, 0.2}}) {
      ProNEOptions options;
      options.order = order;
      options.mu = mu;
      Matrix vectors(graph.num_nodes(), 5);
      Dense start;
      for (int64_t i = 0; i < graph.num_nodes(); ++i) {
        for (int64_t j = 0; j < 5; ++j)
          vectors.mutable_data<float>()[i * 5 + j] =
              static_cast<float>(std::sin(static_cast<double>(7 * i + j)));
        start.push_back(row_of(vectors, i));
      }
      const Dense want = reference_propagation(graph, start, options);
      prone_propagate(graph, degrees_of(graph, Context()), options, Context(), vectors);
      double most = 0;
      for (const auto& row : want) most = std::max(most, norm(row));
      for (int64_t i = 0; i < graph.num_nodes(); ++i)
        EXPECT_LT(distance_between(row_of(vectors, i), want[static_cast<size_t>(i)]), 1e-4 * most) << order;
    }
  }
}

TEST(ProNE, OfOrderOneIsTheFactorisation) {
  const Graph graph = graph_of(4, {{0, 1}, {1, 2}, {2, 3}});
  ProNEOptions options;
  options.order = 1;
  options.dim = 4;
  const Matrix x = prone(graph, options, Context()).vectors;
  for (int64_t i = 0; i < 4; ++i) EXPECT_NEAR(norm(row_of(x, i)), 1, 1e-6);
  // Edges of a path lead from even nodes to odd ones and back: F F^T, and so its root U Sigma U^T, the
  // products of these vectors but for their norms, has entries between nodes of one kind only.
  for (const auto& [i, j] : {std::pair{0, 1}, {0, 3}, {1, 2}, {2, 3}}) {
    const auto a = row_of(x, i), b = row_of(x, j);
    EXPECT_NEAR(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), 0, 1e-5);
  }
}

TEST(ProNE, TellsTheTwoSidesOfKarateApart) {
  const Matrix x = prone(karate(), {.dim = 8}, Context()).vectors;
  const auto closeness = [&](int64_t i, int64_t j) {
    const auto a = row_of(x, i), b = row_of(x, j);
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  // Node 33 and its follower 26 on one side, node 0 and its follower 17 on the other.
  EXPECT_GT(closeness(26, 29), closeness(26, 17));
  EXPECT_GT(closeness(17, 21), closeness(17, 29));
}

TEST(ProNE, GivesIsolatedNodesZeroVectorsAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Matrix x = prone(graph_of(5, {{0, 1}, {1, 2}, {0, 2}}), {.dim = 3}, context).vectors;
  EXPECT_EQ(norm(row_of(x, 3)), 0);
  EXPECT_EQ(norm(row_of(x, 4)), 0);
  EXPECT_NEAR(norm(row_of(x, 0)), 1, 1e-6);
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("2 of 5 nodes"), std::string::npos);
}

TEST(ProNE, IgnoresDirectionsWithANote) {
  const Edges edges = {{0, 1}, {1, 2}, {0, 2}, {2, 3}};
  Notes notes;
  Context context;
  context.progress = &notes;
  const Matrix directed = prone(graph_of(4, edges, {}, true), {.dim = 3}, context).vectors;
  ASSERT_EQ(notes.sentences.size(), 1U);
  EXPECT_NE(notes.sentences[0].find("direction"), std::string::npos);
  EXPECT_TRUE(same_bytes(directed, prone(graph_of(4, edges), {.dim = 3}, Context()).vectors));
}

TEST(ProNE, GivesEqualBytesWithAnyNumberOfThreads) {
  Edges edges;
  RandomStream random(7, "test graph", 0);
  for (int e = 0; e < 6000; ++e) {
    edges.push_back({static_cast<uint32_t>(random.below(2000)), static_cast<uint32_t>(random.below(2000))});
  }
  const Graph graph = graph_of(2000, edges);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return prone(graph, {.dim = 20}, context).vectors;
  };
  const Matrix one = run(1);
  EXPECT_TRUE(same_bytes(one, run(2)));
  EXPECT_TRUE(same_bytes(one, run(5)));
}

TEST(ProNE, NamesOptionsWithoutEffect) {
  EXPECT_TRUE(ProNEOptions().ineffective().empty());
  EXPECT_EQ((ProNEOptions{.order = 1, .mu = 1, .theta = 1}.ineffective().size()), 2U);
}

TEST(ProNE, RefusesAGraphWithoutNodes) {
  EXPECT_NE(error_of([] { prone(graph_of(0, {}), {}, Context()); }).find("no nodes"), std::string::npos);
}

}  // namespace
}  // namespace whitney::graph
