#include "whitney/search/vamana_walk.h"

#include <algorithm>
#include <cstring>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/vamana_walk.cc"
#include <hwy/foreach_target.h>
// The kernels come after the loop over the levels.
#include "whitney/search/hnsw_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {

// Writes the neighbours of a node that were not met before, and marks them; returns how many. Half of them
// were met, at random: a branch would be guessed wrong every third time.
HWY_INLINE int64_t GatherFresh(const GraphView& graph, uint32_t node, VisitedSet& visited, uint32_t* fresh) {
  const uint32_t num_links = graph.head(node).count;
  if (HWY_UNLIKELY(num_links > 2 * graph.m)) fail_corrupt_graph();
  const uint32_t* links = graph.links(node);
  uint64_t* bits = visited.bits.data();
  int64_t count = 0;
  for (uint32_t i = 0; i < num_links; ++i) {
    const uint32_t next = links[i];
    if (HWY_UNLIKELY(next >= graph.num_nodes)) fail_corrupt_graph();
    uint64_t& word = bits[next >> 6];
    const uint64_t bit = uint64_t{1} << (next & 63);
    fresh[count] = next;
    count += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
  visited.reserve(static_cast<size_t>(count));
  std::memcpy(visited.nodes.data() + visited.count, fresh, static_cast<size_t>(count) * sizeof(uint32_t));
  visited.count += static_cast<size_t>(count);
  return count;
}

// Enters nodes into the pool by their distances, those alone that are near enough; asks for the links of one
// that is to be expanded next.
HWY_INLINE void EnterNear(const GraphView& graph, const uint32_t* nodes, const float* distances,
                          int64_t count, NodePool& pool) {
  uint64_t keys[kMaxListed];
  const uint64_t bound = pool.bound();
  int64_t num_near = 0;
  for (int64_t i = 0; i < count; ++i) {
    keys[num_near] = NodePool::key_of(distances[i], nodes[i]);
    num_near += keys[num_near] < bound ? 1 : 0;
  }
  for (int64_t i = 0; i < num_near; ++i) {
    if (keys[i] >= pool.bound()) continue;
    if (pool.insert(keys[i]) == pool.cursor) PrefetchLinks(graph, NodePool::node_of(keys[i]));
  }
}

void WalkLayer0(const GraphView& graph, const CodeQuery& query, uint32_t entry, WalkScratch& scratch) {
  VisitedSet& visited = scratch.visited;
  NodePool& pool = scratch.pool;
  visited.clear();
  if (HWY_UNLIKELY(entry >= graph.num_nodes)) fail_corrupt_graph();
  visited.reserve(1);
  visited.bits[entry >> 6] |= uint64_t{1} << (entry & 63);
  visited.nodes[visited.count++] = entry;
  uint32_t fresh[kMaxListed + 1] = {entry};
  float distances[kMaxListed];
  WalkDistances(graph, query, fresh, 1, distances);
  pool.insert(NodePool::key_of(distances[0], entry));
  ++scratch.counters.distances;
  while (true) {
    while (pool.cursor < pool.size && (pool.keys[pool.cursor] & 1) != 0) ++pool.cursor;
    if (pool.cursor == pool.size) return;
    uint64_t& taken = pool.keys[pool.cursor++];
    const uint32_t node = NodePool::node_of(taken);
    taken |= 1;
    if (pool.cursor < pool.size) PrefetchLinks(graph, NodePool::node_of(pool.keys[pool.cursor]));
    const int64_t count = GatherFresh(graph, node, visited, fresh);
    WalkDistances(graph, query, fresh, count, distances);
    EnterNear(graph, fresh, distances, count, pool);
    scratch.counters.distances += count;
    ++scratch.counters.hops;
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(WalkLayer0);

}  // namespace

void walk_layer0(const GraphView& graph, const CodeQuery& query, uint32_t entry, WalkScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(WalkLayer0)(graph, query, entry, scratch);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
