#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"
#include "whitney/search/hnsw_cases_test.h"

namespace whitney::search {
namespace {

// The walk of the paper, by sets: the `ef` nearest met, of which the nearest that was not expanded is next.
std::vector<uint32_t> walk_by_sets(const GraphView& graph, const CodeQuery& query, uint32_t entry,
                                   size_t ef) {
  const auto key_of = [&](uint32_t node) {
    float distance = 0;
    walk_distances(graph, query, {&node, 1}, &distance);
    return NodePool::key_of(distance, node);
  };
  std::set<uint64_t> near = {key_of(entry)};
  std::set<uint32_t> met = {entry}, expanded;
  while (true) {
    const auto next =
        std::ranges::find_if(near, [&](uint64_t key) { return !expanded.contains(NodePool::node_of(key)); });
    if (next == near.end()) break;
    const uint32_t node = NodePool::node_of(*next);
    expanded.insert(node);
    for (uint32_t i = 0; i < graph.head(node).count; ++i) {
      const uint32_t link = graph.links(node)[i];
      if (!met.insert(link).second) continue;
      near.insert(key_of(link));
      if (near.size() > ef) near.erase(std::prev(near.end()));
    }
  }
  std::vector<uint32_t> nodes;
  for (const uint64_t key : near) nodes.push_back(NodePool::node_of(key));
  return nodes;
}

TEST(NodePool, KeepsOfAWalkWhatSetsWould) {
  const Matrix vectors = normal_vectors(400, 20, 31);
  const HnswParts parts = build_hnsw(embeddings_of(vectors, Metric::kL2), hnsw_options(8, 40), {});
  const GraphView view = parts.graph.view();
  for (const std::string& level : simd_levels()) {
    set_simd_level(level);
    WalkScratch scratch;
    scratch.fit(view);
    // One entry, some, and more than are compared at once.
    for (const int64_t ef : {1, 2, 20, 150, 400}) {
      for (int64_t q = 0; q < 4; ++q) {
        scratch.query.prepare(parts.space, parts.metric, vectors.row<float>(q).data(), 1, view.padded_dim);
        scratch.pool.reset(ef);
        search_layer(view, scratch.query.code, parts.graph.entry, 0, scratch);
        std::vector<uint32_t> nodes;
        for (uint32_t i = 0; i < scratch.pool.size; ++i)
          nodes.push_back(NodePool::node_of(scratch.pool.keys[i]));
        ASSERT_EQ(nodes, walk_by_sets(view, scratch.query.code, parts.graph.entry, static_cast<size_t>(ef)))
            << level << " " << ef;
      }
    }
  }
  set_simd_level("");
}

}  // namespace
}  // namespace whitney::search
