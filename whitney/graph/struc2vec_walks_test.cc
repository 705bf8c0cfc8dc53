#include "whitney/graph/struc2vec_walks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "whitney/graph/struc2vec_cases_test.h"

namespace whitney::graph {
namespace {

TEST(ContextWalks, KeepTheLawOfALayer) {
  const Graph graph = path_and_triangle();
  const ContextGraph layers(graph, {.num_layers = 2, .limited_pairs = false}, Context());
  const ContextWalks walks(layers, 40, 1);  // stays in layer 0
  Dense seen(7, std::vector<double>(7));
  WalkBlock block;
  const std::vector<uint32_t> starts = {0, 1, 2, 3, 4, 5, 6};
  for (uint64_t pass = 0; pass < 200; ++pass) {
    walks.walk(42, pass, starts, block);
    EXPECT_EQ(block.walk(6).size(), 1U);
    for (int64_t i = 0; i < 6; ++i) {
      const auto walk = block.walk(i);
      for (size_t s = 1; s < walk.size(); ++s) ++seen[walk[s - 1]][walk[s]];
    }
  }
  double statistic = 0;
  for (uint32_t u = 0; u < 6; ++u) {
    double total = 0;
    for (uint32_t v = 0; v < 6; ++v) total += v == u ? 0 : std::exp(-layers.distance(0, u, v));
    for (uint32_t v = 0; v < 6; ++v) {
      if (v == u) continue;
      const double expected = sum(seen[u]) * std::exp(-layers.distance(0, u, v)) / total;
      statistic += (seen[u][v] - expected) * (seen[u][v] - expected) / expected;
    }
  }
  EXPECT_LT((statistic - 24) / std::sqrt(48), 5);  // six rows of five places
}

TEST(ContextWalks, GoToTheLayersAbove) {
  // Layer 0 joins 0 with all; layer 3 of the path and triangle does not join 3.
  const Graph graph = path_and_triangle();
  const ContextGraph layers(graph, {.num_layers = 6, .limited_pairs = false}, Context());
  const ContextWalks low(layers, 200, 1), high(layers, 200, 0.1);
  const auto share_of_twins = [&](const ContextWalks& walks) {
    WalkBlock block;
    double twins = 0, all = 0;
    for (uint64_t pass = 0; pass < 100; ++pass) {
      walks.walk(42, pass, std::vector<uint32_t>{4}, block);
      const auto walk = block.walk(0);
      for (size_t s = 1; s < walk.size(); ++s) {
        if (walk[s - 1] != 4) continue;
        ++all;
        twins += walk[s] == 5;
      }
    }
    return twins / all;
  };
  // 4 and 5 are alike at any distance, and others of degree 2 in layer 0 only.
  EXPECT_GT(share_of_twins(high), share_of_twins(low) + 0.2);
}

}  // namespace
}  // namespace whitney::graph
