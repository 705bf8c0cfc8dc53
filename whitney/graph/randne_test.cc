#include "whitney/graph/randne.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"
#include "whitney/linalg/column_products.h"

namespace whitney::graph {
namespace {

TEST(RandNE, StartsFromOrthonormalColumns) {
  const Matrix x = randne(karate(), {.dim = 6, .weights = {1}}, Context()).vectors;
  const std::vector<double> gram = column_products(Context(), x);
  for (size_t i = 0; i < 6; ++i) {
    for (size_t j = 0; j < 6; ++j) EXPECT_NEAR(gram[i * 6 + j], i == j ? 1 : 0, 1e-6);
  }
}

TEST(RandNE, SumsWeightedPowersOfEitherMatrix) {
  const Graph graph = graph_of(5, {{0, 1}, {1, 2}, {0, 2}, {2, 3}}, {2, 1, 0.5, 3});
  for (const FastRPInput input : {FastRPInput::kTransition, FastRPInput::kAdjacency}) {
    RandNEOptions options{.dim = 3, .weights = {1}, .input = input};
    const Matrix start = randne(graph, options, Context()).vectors;
    Dense matrix = dense_of(graph), power, want;
    for (auto& row : matrix) {
      const double degree = sum(row);
      for (double& x : row) x /= input == FastRPInput::kTransition && degree > 0 ? degree : 1;
    }
    for (int64_t i = 0; i < 5; ++i) power.push_back(row_of(start, i));
    options.weights = {2, -1, 10};
    want = Dense(5, std::vector<double>(3));
    for (const double weight : options.weights) {
      for (size_t i = 0; i < 5; ++i) {
        for (size_t j = 0; j < 3; ++j) want[i][j] += weight * power[i][j];
      }
      power = product(matrix, power);
    }
    expect_rows_near(randne(graph, options, Context()).vectors, want, 1e-5);
  }
}

TEST(RandNE, RefusesNoWeightsAndAnEmptyGraph) {
  EXPECT_THROW(randne(karate(), {.weights = {}}, Context()), UsageError);
  EXPECT_NE(error_of([] { randne(graph_of(0, {}), {}, Context()); }).find("no nodes"), std::string::npos);
}

TEST(RandNE, GivesEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(2500, 6000);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return randne(graph, {.dim = 20}, context).vectors;
  };
  const Matrix one = run(1);
  EXPECT_TRUE(same_bytes(one, run(2)));
  EXPECT_TRUE(same_bytes(one, run(5)));
}

}  // namespace
}  // namespace whitney::graph
