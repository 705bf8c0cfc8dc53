#include "whitney/graph/cleora.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

TEST(Cleora, AveragesNeighboursAndScalesRows) {
  // After one step on the pair 0 - 1, row 0 is the start of 1 at norm 1; after two, its own.
  const Graph pair = graph_of(Ids::integers({7, 9}), {{0, 1}});
  const Matrix once = cleora(pair, {.dim = 8, .num_iterations = 1}, Context()).vectors;
  const Matrix twice = cleora(pair, {.dim = 8, .num_iterations = 2}, Context()).vectors;
  EXPECT_LT(distance_between(row_of(twice, 0), row_of(once, 1)), 1e-6);
  // Node 0 with neighbours 1 (weight 3) and 2 (weight 1): from the second step's rows to the third's.
  const Graph graph = graph_of(4, {{0, 1}, {0, 2}, {1, 2}}, {3, 1, 2});
  const Matrix before = cleora(graph, {.dim = 8, .num_iterations = 2}, Context()).vectors;
  const Matrix after = cleora(graph, {.dim = 8, .num_iterations = 3}, Context()).vectors;
  std::vector<double> want(8);
  for (size_t j = 0; j < 8; ++j) want[j] = 3 * before.row<float>(1)[j] + before.row<float>(2)[j];
  EXPECT_LT(distance_between(row_of(after, 0), normalized({want})[0]), 1e-6);
  EXPECT_EQ(norm(row_of(after, 3)), 0);
}

TEST(Cleora, KeepsTheStartOfANodeWhenOthersCome) {
  const Matrix a =
      cleora(graph_of(Ids::integers({7, 9}), {{0, 1}}), {.dim = 6, .num_iterations = 1}, Context()).vectors;
  const Matrix b =
      cleora(graph_of(Ids::integers({5, 9, 7}), {{1, 2}}), {.dim = 6, .num_iterations = 1}, Context())
          .vectors;
  EXPECT_EQ(row_of(a, 0), row_of(b, 2));
}

TEST(Cleora, GivesEqualBytesWithAnyNumberOfThreads) {
  const Graph graph = random_graph(2500, 6000);
  const auto run = [&](int threads) {
    Context context;
    context.threads = threads;
    return cleora(graph, {.dim = 20}, context).vectors;
  };
  const Matrix one = run(1);
  EXPECT_TRUE(same_bytes(one, run(2)));
  EXPECT_TRUE(same_bytes(one, run(5)));
}

TEST(Cleora, RefusesAGraphWithoutNodes) {
  EXPECT_NE(error_of([] { cleora(graph_of(0, {}), {}, Context()); }).find("no nodes"), std::string::npos);
}

}  // namespace
}  // namespace whitney::graph
