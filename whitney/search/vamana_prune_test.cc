#include "whitney/search/vamana_prune.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {
namespace {

// What is chosen for the point at row 0 among all others.
std::vector<uint32_t> pruned(std::initializer_list<float> points, int64_t most, double alpha) {
  Matrix vectors(std::ssize(points) / 2, 2);
  std::ranges::copy(points, vectors.mutable_data<float>());
  const HnswParts parts = build_hnsw(embeddings_of(vectors, Metric::kL2), hnsw_options(4, 20), {});
  const GraphView view = parts.graph.view();
  Array<int8_t> query(node_query_bytes(view)), kept(node_query_bytes(view) * most);
  std::vector<uint32_t> nodes;
  for (uint32_t node = 1; node < view.num_nodes; ++node) nodes.push_back(node);
  std::vector<float> distances(nodes.size());
  walk_distances(view, query_of_node(view, 0, query.mutable_data()), nodes, distances.data());
  std::vector<uint64_t> keys;
  for (size_t i = 0; i < nodes.size(); ++i) keys.push_back(NodePool::key_of(distances[i], nodes[i]));
  std::ranges::sort(keys);
  std::vector<uint32_t> out(static_cast<size_t>(most));
  PruneScratch scratch;
  WalkCounters counters;
  out.resize(static_cast<size_t>(
      prune_robustly(view, keys, most, alpha, kept.mutable_data(), scratch, out.data(), counters)));
  return out;
}

TEST(VamanaPrune, KeepsOneOfALineAndAllThatLieAcross) {
  EXPECT_EQ(pruned({0, 0, 10, 0, 20, 0, 30, 0}, 4, 1), (std::vector<uint32_t>{1}));
  EXPECT_EQ(pruned({0, 0, 10, 0, 0, 11, -12, 0}, 4, 1), (std::vector<uint32_t>{1, 2, 3}));
}

TEST(VamanaPrune, KeepsWithAGreaterAlphaWhatIsLittleNearerToAnother) {
  // (30, 0) is 20 from (10, 0) and 30 from the base: left out while alpha is below 1.5.
  EXPECT_EQ(pruned({0, 0, 10, 0, 30, 0}, 4, 1.45), (std::vector<uint32_t>{1}));
  EXPECT_EQ(pruned({0, 0, 10, 0, 30, 0}, 4, 1.55), (std::vector<uint32_t>{1, 2}));
}

TEST(VamanaPrune, TakesTheOtherDirectionsFirst) {
  // With room for two, (-40, 0) goes before the nearer (30, 0), which only the second round lets in.
  EXPECT_EQ(pruned({0, 0, 10, 0, 30, 0, -40, 0}, 2, 1.55), (std::vector<uint32_t>{1, 3}));
  EXPECT_EQ(pruned({0, 0, 10, 0, 30, 0, -40, 0}, 3, 1.55), (std::vector<uint32_t>{1, 3, 2}));
}

}  // namespace
}  // namespace whitney::search
