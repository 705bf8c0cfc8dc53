#include "whitney/graph/netmf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/netmf_matrix.h"

namespace whitney::graph {
namespace {

// M by dense products in float64.
Dense reference_matrix(const Graph& graph, const NetMFOptions& options) {
  Dense step = dense_of(graph);
  const size_t n = step.size();
  std::vector<double> degrees;
  double volume = 0;
  for (auto& row : step) {
    degrees.push_back(sum(row));
    volume += degrees.back();
    for (double& x : row) x /= degrees.back() > 0 ? degrees.back() : 1;
  }
  Dense power = step, total(n, std::vector<double>(n));
  for (int r = 0; r < options.window; ++r) {
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n && degrees[j] > 0; ++j)
        total[i][j] += volume / (options.negatives * options.window) * power[i][j] / degrees[j];
    }
    power = product(power, step);
  }
  return total;
}

Matrix rows_of(const Graph& graph, const NetMFOptions& options, bool small) {
  const std::vector<double> degrees = degrees_of(graph, Context());
  const Context context;
  return (small ? netmf_small_rows(graph, degrees, options, context)
                : netmf_large_rows(graph, degrees, options, context))(0, graph.num_nodes());
}

TEST(NetMF, OfOneStepOnARegularGraphIsTheAdjacencyMatrixScaled) {
  // A ring of six, degree 2: M = vol A / deg^2 = 12 A / 4.
  const Matrix m =
      rows_of(graph_of(6, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {0, 5}}), {.window = 1}, true);
  for (int64_t i = 0; i < 6; ++i) {
    for (int64_t j = 0; j < 6; ++j)
      EXPECT_NEAR(m.row<float>(i)[static_cast<size_t>(j)],
                  (i - j + 6) % 6 == 1 || (j - i + 6) % 6 == 1 ? 3 : 0, 1e-6);
  }
}

TEST(NetMF, ComputesItsMatrixByPowers) {
  const Graph weighted = graph_of(6, {{0, 1}, {1, 2}, {0, 2}, {2, 3}, {3, 4}}, {2, 0.5, 1, 3, 1.5});
  for (const Graph& graph : {karate(), weighted}) {
    const NetMFOptions options{.window = 10, .negatives = 2};
    const Dense want = reference_matrix(graph, options);
    expect_rows_near(rows_of(graph, options, true), want, 1e-5);
  }
}

TEST(NetMF, AgreesBetweenItsFormsWhereNoEigenvalueIsClipped) {
  // K_5 with self-loops of weight 4 and 2: all eigenvalues of N are positive, so that the large form of full
  // rank is exact.
  Edges edges;
  std::vector<float> weights;
  for (uint32_t i = 0; i < 5; ++i) {
    for (uint32_t j = 0; j <= i; ++j) {
      edges.push_back({i, j});
      weights.push_back(i == j ? (i % 2 == 0 ? 4.0F : 2.0F) : 1.0F);
    }
  }
  const Graph graph = graph_of(5, edges, weights);
  const NetMFOptions options{.window = 3, .rank = 5};
  expect_rows_near(rows_of(graph, options, false), reference_matrix(graph, options), 1e-4);
}

TEST(NetMF, FiltersEigenvalues) {
  EXPECT_EQ(netmf_filter(0, 10), 0);
  EXPECT_EQ(netmf_filter(1, 10), 1);
  EXPECT_EQ(netmf_filter(-1, 10), 0);
  EXPECT_NEAR(netmf_filter(0.5, 2), (0.5 + 0.25) / 2, 1e-12);
  EXPECT_EQ(netmf_filter(-0.5, 2), 0);  // (-0.5 + 0.25) / 2
}

TEST(NetMF, OfFullRankFactorisesTheLogarithms) {
  const Graph graph = karate();
  const NetMFOptions options{.dim = 34, .window = 3};
  Dense logarithms = reference_matrix(graph, options);
  for (auto& row : logarithms) {
    for (double& x : row) x = std::log(std::max(x, 1.0));
  }
  // L is symmetric: (X X^T)^2 = U Sigma^2 U^T = L^2.
  const Matrix x = netmf(graph, options, Context()).vectors;
  Dense rows, columns(34, std::vector<double>(34));
  for (int64_t i = 0; i < 34; ++i) rows.push_back(row_of(x, i));
  for (size_t i = 0; i < 34; ++i) {
    for (size_t j = 0; j < 34; ++j) columns[j][i] = rows[i][j];
  }
  const Dense gram = product(rows, columns), got = product(gram, gram),
              want = product(logarithms, logarithms);
  for (size_t i = 0; i < 34; ++i) EXPECT_LT(distance_between(got[i], want[i]), 1e-4 * norm(want[i])) << i;
}

TEST(NetMF, MultipliesByTheEntriesAboveZeroAsByAllOfThem) {
  const Graph graph = karate();
  const Context context;
  const MatrixRows rows = netmf_small_rows(graph, degrees_of(graph, context), {.window = 2}, context);
  Matrix x(34, 3), by_all(34, 3), by_some(34, 3);
  for (int64_t i = 0; i < 34 * 3; ++i) x.mutable_data<float>()[i] = static_cast<float>(i % 7) - 3;
  netmf_logarithms(34, rows, true, context).multiply(x, by_all.mutable_data<float>());
  netmf_logarithms(34, rows, false, context).multiply(x, by_some.mutable_data<float>());
  for (int64_t i = 0; i < 34; ++i) EXPECT_LT(distance_between(row_of(by_all, i), row_of(by_some, i)), 1e-4);
}

// Four components with edges, and a node alone, of which another note tells.
TEST(NetMF, TellsWhereComponentsTakeTheEigenpairs) {
  const Graph graph = graph_of(10, {{0, 1}, {1, 2}, {3, 4}, {5, 6}, {7, 8}});
  const auto notes_with = [&](int rank) {
    Notes notes;
    Context context;
    context.progress = &notes;
    netmf(graph, {.dim = 2, .form = NetMFForm::kLarge, .rank = rank}, context);
    std::string all;
    for (const std::string& sentence : notes.sentences) all += sentence + "\n";
    return all;
  };
  EXPECT_EQ(notes_with(16).find("components"), std::string::npos) << notes_with(16);
  EXPECT_NE(notes_with(6).find("4 components, each of which takes one of the 6 eigenpairs"),
            std::string::npos)
      << notes_with(6);
}

TEST(NetMF, GivesIsolatedNodesZeroVectors) {
  for (const NetMFForm form : {NetMFForm::kSmall, NetMFForm::kLarge}) {
    const Matrix x =
        netmf(graph_of(5, {{0, 1}, {1, 2}, {2, 3}}), {.dim = 3, .window = 2, .form = form}, Context())
            .vectors;
    EXPECT_EQ(norm(row_of(x, 4)), 0);
    EXPECT_GT(norm(row_of(x, 0)), 0);
  }
}

TEST(NetMF, GivesEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(600, 1500);
  for (const NetMFForm form : {NetMFForm::kSmall, NetMFForm::kLarge}) {
    const auto run = [&](int threads) {
      Context context;
      context.threads = threads;
      return netmf(graph, {.dim = 16, .window = 4, .form = form, .rank = 30}, context).vectors;
    };
    const Matrix one = run(1);
    EXPECT_TRUE(same_bytes(one, run(2)));
    EXPECT_TRUE(same_bytes(one, run(5)));
  }
}

}  // namespace
}  // namespace whitney::graph
