#include "whitney/graph/size_constrained_clusters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;

TEST(PropagateLabels, GivesANodeTheLabelOfMostWeight) {
  // Node 2 hangs on 0 and 1 (weights 1 and 1, label 0) and on 3 (weight 3, label 3).
  const SymmetricRows rows = symmetric_rows(graph_of(4, {{0, 2}, {1, 2}, {2, 3}}, {1, 1, 3}), {});
  std::vector<uint32_t> labels = {0, 0, 0, 3};
  propagate_labels(rows, std::vector<uint32_t>{2}, 4, 1, labels, {});
  EXPECT_THAT(labels, ElementsAre(0, 0, 3, 3));
}

TEST(PropagateLabels, TakesTheSmallerOfEqualLabelsAndNoFullOne) {
  // Node 0 is joined to 1 (label 1, with node 4) and 2 (label 2, alone).
  const SymmetricRows rows = symmetric_rows(graph_of(5, {{0, 1}, {0, 2}}), {});
  std::vector<uint32_t> labels = {0, 1, 2, 3, 1};
  propagate_labels(rows, std::vector<uint32_t>{0}, 3, 1, labels, {});
  EXPECT_THAT(labels, ElementsAre(2, 1, 2, 3, 1));
  labels = {0, 1, 2, 2, 1};
  propagate_labels(rows, std::vector<uint32_t>{0}, 2, 1, labels, {});
  EXPECT_THAT(labels, ElementsAre(0, 1, 2, 2, 1));
}

TEST(PropagateLabels, StaysWhereNothingIsHeavier) {
  const SymmetricRows rows = symmetric_rows(graph_of(4, {{0, 1}, {0, 2}}), {});
  std::vector<uint32_t> labels = {1, 1, 2, 3};
  propagate_labels(rows, std::vector<uint32_t>{0}, 4, 5, labels, {});
  EXPECT_THAT(labels, ElementsAre(1, 1, 2, 3));
}

TEST(ClusterNodes, HoldTheCapAndNumberLabelsWithoutGaps) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const SymmetricRows rows = symmetric_rows(random_graph(120, 300), {});
    for (const int64_t cap : {1, 2, 7, 200}) {
      const Clusters clusters = cluster_nodes(rows, cap, seed, {});
      std::vector<int32_t> sizes(static_cast<size_t>(clusters.count()));
      for (const uint32_t label : clusters.labels) ++sizes.at(label);
      EXPECT_EQ(sizes, clusters.sizes);
      EXPECT_THAT(sizes, Each(Le(cap)));
      EXPECT_GT(std::ranges::min(sizes), 0);
      EXPECT_EQ(clusters.count() == 120, cap == 1);
    }
  }
}

TEST(ClusterNodes, PutNodesWithoutEdgesTogether) {
  const SymmetricRows rows = symmetric_rows(graph_of(9, {{0, 1}}), {});
  const Clusters clusters = cluster_nodes(rows, 4, 1, {});
  std::vector<int32_t> sizes = clusters.sizes;
  std::ranges::sort(sizes);
  EXPECT_THAT(sizes, ElementsAre(2, 3, 4));
}

TEST(MergeClusters, AddsUpTheWeightsBetweenThem) {
  for (const bool weighted : {false, true}) {
    const Graph plain = random_graph(60, 200);
    Edges edges;
    std::vector<float> weights;
    for (uint32_t u = 0; u < 60; ++u) {
      for (const uint32_t v : plain.neighbors(u)) {
        if (u >= v) continue;
        edges.emplace_back(u, v);
        if (weighted) weights.push_back(static_cast<float>(1 + (u * v) % 5));
      }
    }
    const Graph graph = graph_of(60, edges, weights);
    const SymmetricRows rows = symmetric_rows(graph, {});
    const Clusters clusters = cluster_nodes(rows, 6, 3, {});
    const SymmetricRows merged = merge_clusters(rows, clusters, {});
    EXPECT_EQ(merged.neighbors.size(), count_merged_entries(rows, clusters));
    const auto k = static_cast<size_t>(clusters.count());
    std::vector<std::vector<double>> expected(k, std::vector<double>(k)), found = expected;
    const Dense all = dense_of(graph);
    for (size_t u = 0; u < 60; ++u) {
      for (size_t v = 0; v < 60; ++v) {
        if (clusters.labels[u] != clusters.labels[v])
          expected[clusters.labels[u]][clusters.labels[v]] += all[u][v];
      }
    }
    for (size_t c = 0; c < k; ++c) {
      for (int64_t e = merged.offsets[static_cast<int64_t>(c)];
           e < merged.offsets[static_cast<int64_t>(c) + 1]; ++e)
        found[c][merged.neighbors[e]] += merged.weights[e];
    }
    EXPECT_EQ(found, expected);
  }
}

}  // namespace
}  // namespace whitney::graph
