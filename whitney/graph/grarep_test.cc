#include "whitney/graph/grarep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/one_in_test.h"
#include "whitney/core/registry.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/grarep_matrix.h"

namespace whitney::graph {
namespace {

/// X^k by dense products in float64, as the paper writes it.
Dense reference(const Graph& graph, int k, double negatives) {
  Dense step = dense_of(graph);
  for (auto& row : step) {
    const double degree = sum(row);
    for (double& x : row) x /= degree > 0 ? degree : 1;
  }
  Dense power = step;
  for (int i = 1; i < k; ++i) power = product(power, step);
  const double beta = negatives / static_cast<double>(power.size());
  Dense result = power;
  for (size_t j = 0; j < power.size(); ++j) {
    double gamma = 0;
    for (const auto& row : power) gamma += row[j];
    for (size_t i = 0; i < power.size(); ++i) {
      const double odds = power[i][j];
      result[i][j] = odds > 0 ? std::max(std::log(odds / gamma) - std::log(beta), 0.0) : 0;
    }
  }
  return result;
}

Graph weighted_graph() { return graph_of(6, {{0, 1}, {1, 2}, {0, 2}, {2, 3}, {3, 4}}, {2, 0.5, 1, 3, 1.5}); }

TEST(GraRep, ComputesTheMatrixOfEachStep) {
  for (const Graph& graph : {karate(), weighted_graph()}) {
    const Context context;
    const std::vector<double> degrees = degrees_of(graph, context);
    TransitionPowers powers(graph, degrees, context);
    for (int k = 1; k <= 4; ++k) {
      powers.step();
      expect_rows_near(powers.logarithms(1.5), reference(graph, k, 1.5), 1e-4);
    }
  }
}

TEST(GraRep, OfOneStepOnARingIsTheAdjacencyMatrixScaled) {
  // A ring of six: A_ij = 1/2 for neighbours, Gamma_j = 1, n = 6: log 3.
  const Graph ring = graph_of(6, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {0, 5}});
  const Context context;
  const std::vector<double> degrees = degrees_of(ring, context);
  TransitionPowers powers(ring, degrees, context);
  powers.step();
  const Matrix x = powers.logarithms(1);
  for (int64_t i = 0; i < 6; ++i) {
    for (int64_t j = 0; j < 6; ++j) {
      const bool next = (i - j + 6) % 6 == 1 || (j - i + 6) % 6 == 1;
      EXPECT_NEAR(x.row<float>(i)[static_cast<size_t>(j)], next ? std::log(3.0) : 0, 1e-6);
    }
  }
}

TEST(GraRep, MultipliesByAMatrixAndItsTranspose) {
  // More columns than are turned at once.
  const int64_t rows = 3, cols = 300;
  Matrix a(rows, cols), x(cols, 2), back(rows, 2);
  for (int64_t i = 0; i < rows * cols; ++i) a.mutable_data<float>()[i] = static_cast<float>(i % 7) - 3;
  for (int64_t i = 0; i < cols * 2; ++i) x.mutable_data<float>()[i] = static_cast<float>(i % 5) - 2;
  for (int64_t i = 0; i < rows * 2; ++i) back.mutable_data<float>()[i] = static_cast<float>(i) - 2;
  const Context context;
  const LinearMap map = dense_map(context, a);
  Matrix forth(rows, 2), to(cols, 2);
  map.multiply(x, forth.mutable_data<float>());
  map.multiply_transposed(back, to.mutable_data<float>());
  for (int64_t i = 0; i < rows; ++i) {
    for (size_t c = 0; c < 2; ++c) {
      double want = 0;
      for (int64_t j = 0; j < cols; ++j) want += a.row<float>(i)[static_cast<size_t>(j)] * x.row<float>(j)[c];
      EXPECT_EQ(forth.row<float>(i)[c], want);
    }
  }
  for (int64_t j = 0; j < cols; ++j) {
    for (size_t c = 0; c < 2; ++c) {
      double want = 0;
      for (int64_t i = 0; i < rows; ++i)
        want += a.row<float>(i)[static_cast<size_t>(j)] * back.row<float>(i)[c];
      EXPECT_EQ(to.row<float>(j)[c], want) << j;
    }
  }
}

TEST(GraRep, OfFullRankFactorisesEachStepBesideTheOthers) {
  // Left vectors of each step: (W W^T)^2 = U Sigma^2 U^T = X X^T.
  const Graph graph = karate();
  const Matrix vectors = grarep(graph, {.dim = 68, .num_steps = 2}, Context()).vectors;
  for (int k = 1; k <= 2; ++k) {
    Dense w, back(34, std::vector<double>(34));
    for (int64_t i = 0; i < 34; ++i) {
      const auto row = row_of(vectors, i);
      w.emplace_back(row.begin() + (k - 1) * 34, row.begin() + k * 34);
    }
    for (size_t i = 0; i < 34; ++i) {
      for (size_t j = 0; j < 34; ++j) back[j][i] = w[i][j];
    }
    const Dense x = reference(graph, k, 1), gram = product(w, back), got = product(gram, gram);
    Dense turned(34, std::vector<double>(34));
    for (size_t i = 0; i < 34; ++i) {
      for (size_t j = 0; j < 34; ++j) turned[j][i] = x[i][j];
    }
    const Dense want = product(x, turned);
    for (size_t i = 0; i < 34; ++i) EXPECT_LT(distance_between(got[i], want[i]), 1e-3 * norm(want[i])) << i;
  }
}

TEST(GraRep, GivesIsolatedNodesZeroVectorsAndSaysSo) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Matrix x = grarep(graph_of(5, {{0, 1}, {1, 2}, {2, 3}}), {.dim = 4, .num_steps = 2}, context).vectors;
  EXPECT_EQ(norm(row_of(x, 4)), 0);
  for (int64_t i = 0; i < 4; ++i) EXPECT_GT(norm(row_of(x, i)), 0);
  EXPECT_NE(notes.sentences.at(0).find("1 of 5 nodes"), std::string::npos);
}

TEST(GraRep, GivesEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(static_cast<uint32_t>(fewer(600)), 1500);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return grarep(graph, {.dim = 24, .num_steps = 3}, context).vectors;
  };
  const Matrix one = run(1);
  EXPECT_TRUE(same_bytes(one, run(2)));
  EXPECT_TRUE(same_bytes(one, run(5)));
}

TEST(GraRep, RefusesWhatCannotBe) {
  EXPECT_NE(error_of([] { grarep(karate(), {.dim = 10, .num_steps = 4}, Context()); }).find("dim 10"),
            std::string::npos);
  EXPECT_NE(error_of([] { grarep(graph_of(0, {}), {}, Context()); }).find("no nodes"), std::string::npos);
}

TEST(GraRep, TellsThatDirectionsDoNotCount) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const GraRepOptions options{.dim = 4, .num_steps = 2};
  const Edges edges = {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {0, 2}};
  const Matrix directed = grarep(graph_of(4, edges, {}, true), options, context).vectors;
  EXPECT_NE(notes.sentences.at(0).find("direction"), std::string::npos);
  EXPECT_TRUE(same_bytes(directed, grarep(graph_of(4, edges), options, Context()).vectors));
}

TEST(GraRep, EstimatesTwoSquareMatrices) {
  const GraRepOptions options;
  const auto bytes = [&](int64_t n) {
    return static_cast<double>(
        estimate_grarep({.num_rows = n, .nnz = 10 * n}, options, Context()).peak_bytes);
  };
  EXPECT_NEAR(bytes(100000) / (2.0 * 100000 * 100000 * 4), 1, 0.01);
  EXPECT_GT(estimate_grarep({.num_rows = 1000, .nnz = 10000}, options, Context()).seconds, 0);
}

TEST(GraRep, IsALearner) {
  EXPECT_EQ(Registry::instance().get(Verb::kLearn, "grarep").info.class_name, "GraRep");
}

}  // namespace
}  // namespace whitney::graph
