#include "whitney/graph/random_walks_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

TEST(ShuffledOrder, NamesEachNodeOnce) {
  for (const int64_t n : {1, 2, 3, 16, 17, 1000}) {
    const ShuffledOrder order(n, 42, 0);
    std::vector<uint32_t> seen;
    for (int64_t i = 0; i < n; ++i) seen.push_back(order[i]);
    std::sort(seen.begin(), seen.end());
    for (int64_t i = 0; i < n; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
  }
}

TEST(ShuffledOrder, MovesNodesByPass) {
  const ShuffledOrder first(1000, 42, 0), second(1000, 42, 1);
  int64_t stay = 0, same = 0;
  for (int64_t i = 0; i < 1000; ++i) stay += first[i] == i, same += first[i] == second[i];
  // One is expected of each; Poisson's tail beyond 8 is one in a million.
  EXPECT_LE(stay, 8);
  EXPECT_LE(same, 8);
}

TEST(WalkPairs, CountTheNodesOfAllWalks) {
  const Graph graph = graph_of(40, {{0, 1}, {1, 2}, {2, 0}, {3, 4}});
  const RandomWalks walks(graph, {.length = 7}, Context());
  const WalkPairs pairs(walks, 3, 2, 42);
  Context context;
  context.threads = 2;
  const std::vector<int64_t> counts = pairs.count_nodes(context);
  // 5 nodes have neighbours; 3 walks of 7 nodes from each.
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), int64_t{0}), 5 * 3 * 7);
  EXPECT_EQ(counts[3] + counts[4], 2 * 3 * 7);
  EXPECT_EQ(counts[39], 0);
}

TEST(WalkPairs, ExpectsThePairsThatItHas) {
  const Graph graph = karate();
  const RandomWalks walks(graph, {.length = 12}, Context());
  const WalkPairs pairs(walks, 50, 4, 42);
  std::vector<uint32_t> rows(34);
  text::PairBuffer buffer({rows, rows, nullptr});
  for (int64_t chunk = 0; chunk < pairs.num_chunks(); ++chunk) pairs.read(chunk, buffer);
  const double expected = pairs.pairs_per_chunk() * static_cast<double>(pairs.num_chunks());
  EXPECT_NEAR(static_cast<double>(buffer.pairs().size()) / expected, 1, 0.02);
}

}  // namespace
}  // namespace whitney::graph
