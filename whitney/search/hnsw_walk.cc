#include "whitney/search/hnsw_walk.h"

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/hnsw_walk.cc"
#include <hwy/foreach_target.h>
// The kernels come after the loop over the levels.
#include "whitney/search/hnsw_kernels-inl.h"
#include "whitney/search/node_pool-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {

// A list of links, checked: a file may hold anything.
struct Links {
  const uint32_t* nodes;
  uint32_t count;
};

HWY_INLINE Links LinksOf(const GraphView& graph, uint32_t node, int layer) {
  if (layer == 0) {
    const uint32_t count = graph.head(node).count;
    if (HWY_UNLIKELY(count > 2 * graph.m)) fail_corrupt_graph();
    return {graph.links(node), count};
  }
  if (HWY_UNLIKELY(graph.levels[node] < layer)) fail_corrupt_graph();
  const int64_t start = static_cast<int64_t>(graph.upper_start[node]) + (layer - 1) * (int64_t{graph.m} + 1);
  if (HWY_UNLIKELY(start + graph.m + 1 > graph.upper_size)) fail_corrupt_graph();
  const uint32_t* list = graph.upper + start;
  if (HWY_UNLIKELY(*list > graph.m)) fail_corrupt_graph();
  return {list + 1, *list};
}

HWY_INLINE void CheckNode(const GraphView& graph, uint32_t node) {
  if (HWY_UNLIKELY(node >= graph.num_nodes)) fail_corrupt_graph();
}

HWY_INLINE bool IsSet(const uint64_t* bits, uint32_t node) {
  return ((bits[node >> 6] >> (node & 63)) & 1) != 0;
}

// Marks a node as met; false when it was.
HWY_INLINE bool Meet(VisitedSet& visited, uint32_t node) {
  uint64_t& word = visited.bits[node >> 6];
  const uint64_t bit = uint64_t{1} << (node & 63);
  if ((word & bit) != 0) return false;
  word |= bit;
  visited.nodes[visited.count++] = node;
  return true;
}

// Fills scratch.batch with the linked nodes that were not met before, and marks them; returns how many. About
// half of them were met, at random: branches would be guessed wrong every third time.
HWY_INLINE int64_t GatherFresh(const GraphView& graph, const Links& links, WalkScratch& scratch) {
  VisitedSet& visited = scratch.visited;
  uint32_t* fresh = scratch.batch.data();
  uint64_t* bits = visited.bits.data();
  int64_t count = 0;
  for (uint32_t i = 0; i < links.count; ++i) {
    const uint32_t next = links.nodes[i];
    CheckNode(graph, next);
    uint64_t& word = bits[next >> 6];
    const uint64_t bit = uint64_t{1} << (next & 63);
    fresh[count] = next;
    count += (word & bit) == 0 ? 1 : 0;
    word |= bit;
  }
  const auto num_fresh = static_cast<size_t>(count);
  visited.reserve(num_fresh);
  std::copy_n(fresh, num_fresh, visited.nodes.data() + visited.count);
  visited.count += num_fresh;
  return count;
}

// Computes the distances of scratch.batch[0, count) and enters those below the bound, which few are after the
// first hops: they are told apart without branches. Asks for the links of one that is to be expanded next.
HWY_INLINE void EnterBatch(const GraphView& graph, const CodeQuery& query, int64_t count,
                           WalkScratch& scratch) {
  WalkDistances(graph, query, scratch.batch.data(), count, scratch.batch_distances.data());
  scratch.counters.distances += count;
  NodePool& pool = scratch.pool;
  constexpr int64_t kAtOnce = 64;
  uint64_t keys[kAtOnce];
  for (int64_t begin = 0; begin < count; begin += kAtOnce) {
    const uint64_t bound = pool.bound();
    int64_t num_near = 0;
    for (int64_t i = begin; i < HWY_MIN(begin + kAtOnce, count); ++i) {
      const auto at = static_cast<size_t>(i);
      keys[num_near] = NodePool::key_of(scratch.batch_distances[at], scratch.batch[at]);
      num_near += keys[num_near] < bound ? 1 : 0;
    }
    for (int64_t i = 0; i < num_near; ++i) {
      if (keys[i] >= pool.bound()) continue;
      if (InsertKey(pool, keys[i]) == pool.cursor) PrefetchLinks(graph, NodePool::node_of(keys[i]));
    }
  }
}

// Takes the nearest node that was not expanded yet; false when there is none.
HWY_INLINE bool TakeNearest(NodePool& pool, uint32_t& node) {
  while (pool.cursor < pool.size && (pool.keys[pool.cursor] & 1) != 0) ++pool.cursor;
  if (pool.cursor >= HWY_MIN(pool.size, pool.reach)) return false;
  uint64_t& key = pool.keys[pool.cursor++];
  node = NodePool::node_of(key);
  key |= 1;
  return true;
}

HWY_INLINE void PrefetchNext(const GraphView& graph, const NodePool& pool, int layer) {
  if (layer != 0 || pool.cursor >= pool.size) return;
  PrefetchLinks(graph, NodePool::node_of(pool.keys[pool.cursor]));
}

void SearchLayer(const GraphView& graph, const CodeQuery& query, uint32_t entry, int layer,
                 WalkScratch& scratch) {
  VisitedSet& visited = scratch.visited;
  visited.clear();
  visited.reserve(1);
  CheckNode(graph, entry);
  Meet(visited, entry);
  scratch.batch[0] = entry;
  EnterBatch(graph, query, 1, scratch);
  uint32_t node = 0;
  while (TakeNearest(scratch.pool, node)) {
    const Links links = LinksOf(graph, node, layer);
    PrefetchNext(graph, scratch.pool, layer);
    EnterBatch(graph, query, GatherFresh(graph, links, scratch), scratch);
    ++scratch.counters.hops;
    if (scratch.is_over()) return;
    if (scratch.counters.distances > scratch.most_distances) {
      scratch.is_spent = true;
      return;
    }
  }
}

// What a filtered walk gathers at one node.
class FilteredHop {
 public:
  FilteredHop(const GraphView& graph, const FilterWalk& filter, WalkScratch& scratch)
      : graph_(graph), filter_(filter), scratch_(scratch) {}

  // Fills scratch.batch with passing nodes not met before; returns how many.
  int64_t Gather(uint32_t node) {
    const Links links = LinksOf(graph_, node, 0);
    const int64_t most = 2 * int64_t{graph_.m};
    scratch_.visited.reserve(static_cast<size_t>(links.count) + static_cast<size_t>(2 * most));
    count_ = 0;
    uint32_t num_blocked = 0;
    const uint32_t num_passing = GatherPassing(links, [&](uint32_t next, bool is_blocked) HWY_ATTR {
      scratch_.first_hop[num_blocked] = next;
      num_blocked += is_blocked ? 1 : 0;
    });
    ++scratch_.counters.lists;
    if (num_passing >= filter_.one_hop_share * links.count) return count_;
    constexpr uint32_t kAhead = 4;
    for (uint32_t i = 0; i < num_blocked && i < kAhead; ++i) PrefetchLinks(graph_, scratch_.first_hop[i]);
    for (uint32_t i = 0; i < num_blocked && count_ < most; ++i) {
      if (i + kAhead < num_blocked) PrefetchLinks(graph_, scratch_.first_hop[i + kAhead]);
      // A blocked node counts as met once all its links are.
      if (GatherThrough(scratch_.first_hop[i], most)) Meet(scratch_.visited, scratch_.first_hop[i]);
    }
    return count_;
  }

 private:
  // Adds the linked nodes that pass and were not met before, and marks them; returns how many pass, and calls
  // see(node, is_blocked) for each: whether it neither passes nor was met. Without branches, as GatherFresh:
  // whether a node passes is guessed wrong as often, which took a third of a filtered walk.
  template <class See>
  HWY_INLINE uint32_t GatherPassing(const Links& links, const See& see) {
    VisitedSet& visited = scratch_.visited;
    uint32_t* batch = scratch_.batch.data();
    uint64_t* bits = visited.bits.data();
    uint32_t num_passing = 0;
    int64_t count = count_;
    for (uint32_t i = 0; i < links.count; ++i) {
      const uint32_t next = links.nodes[i];
      CheckNode(graph_, next);
      const uint64_t passes = filter_.passing[next >> 6] >> (next & 63) & 1;
      uint64_t& word = bits[next >> 6];
      const uint64_t fresh = ~(word >> (next & 63)) & 1;
      batch[count] = next;
      count += static_cast<int64_t>(passes & fresh);
      word |= passes << (next & 63);
      num_passing += static_cast<uint32_t>(passes);
      see(next, (fresh & ~passes) != 0);
    }
    std::copy(batch + count_, batch + count, visited.nodes.data() + visited.count);
    visited.count += static_cast<size_t>(count - count_);
    count_ = count;
    return num_passing;
  }

  // Adds the passing neighbours of a node that does not pass itself; false when there was no room for all.
  bool GatherThrough(uint32_t blocked, int64_t most) {
    const Links links = LinksOf(graph_, blocked, 0);
    ++scratch_.counters.lists;
    if (count_ + links.count <= most) {
      GatherPassing(links, [](uint32_t, bool) {});
      return true;
    }
    for (uint32_t i = 0; i < links.count; ++i) {
      const uint32_t next = links.nodes[i];
      CheckNode(graph_, next);
      if (!IsSet(filter_.passing, next)) continue;
      if (count_ >= most) return false;
      if (Meet(scratch_.visited, next)) scratch_.batch[static_cast<size_t>(count_++)] = next;
    }
    return true;
  }

  const GraphView& graph_;
  const FilterWalk& filter_;
  WalkScratch& scratch_;
  int64_t count_ = 0;
};

bool SearchFiltered(const GraphView& graph, const CodeQuery& query, uint32_t entry,
                    std::span<const uint32_t> starts, const FilterWalk& filter, WalkScratch& scratch) {
  VisitedSet& visited = scratch.visited;
  visited.clear();
  visited.reserve(starts.size() + 1);
  CheckNode(graph, entry);
  int64_t count = 0;
  for (const uint32_t start : starts) {
    if (IsSet(filter.passing, start) && Meet(visited, start))
      scratch.batch[static_cast<size_t>(count++)] = start;
  }
  const bool entry_passes = IsSet(filter.passing, entry);
  if (entry_passes && Meet(visited, entry)) scratch.batch[static_cast<size_t>(count++)] = entry;
  const WalkCounters before = scratch.counters;
  EnterBatch(graph, query, count, scratch);
  FilteredHop hop(graph, filter, scratch);
  if (!entry_passes) EnterBatch(graph, query, hop.Gather(entry), scratch);
  uint32_t node = 0;
  while (TakeNearest(scratch.pool, node)) {
    PrefetchNext(graph, scratch.pool, 0);
    EnterBatch(graph, query, hop.Gather(node), scratch);
    ++scratch.counters.hops;
    if (scratch.is_over()) return true;
    const double spent = static_cast<double>(scratch.counters.distances - before.distances) +
                         filter.links_cost * static_cast<double>(scratch.counters.lists - before.lists);
    if (spent > filter.hard_budget) return false;
    if (spent > filter.soft_budget && scratch.pool.size < filter.wanted) return false;
  }
  return true;
}

double PassingShare(const GraphView& graph, uint32_t node, const uint64_t* passing) {
  constexpr uint32_t kLooked = 8, kEnough = 2;
  CheckNode(graph, node);
  const Links links = LinksOf(graph, node, 0);
  uint32_t num_passing = 0, num_links = links.count;
  const auto count = [&](const Links& list) HWY_ATTR {
    for (uint32_t i = 0; i < list.count; ++i) {
      CheckNode(graph, list.nodes[i]);
      num_passing += IsSet(passing, list.nodes[i]) ? 1 : 0;
    }
  };
  count(links);
  for (uint32_t i = 0; i < HWY_MIN(links.count, kLooked); ++i) PrefetchLinks(graph, links.nodes[i]);
  for (uint32_t i = 0; i < links.count && (i < kLooked || num_passing < kEnough); ++i) {
    const Links further = LinksOf(graph, links.nodes[i], 0);
    num_links += further.count;
    count(further);
  }
  return num_links == 0 ? 0 : static_cast<double>(num_passing) / num_links;
}

uint32_t Descend(const GraphView& graph, const CodeQuery& query, uint32_t entry, int from, int to,
                 WalkScratch& scratch) {
  CheckNode(graph, entry);
  uint32_t nearest = entry;
  float distance = 0;
  WalkDistances(graph, query, &nearest, 1, &distance);
  int64_t num_distances = 1;
  for (int layer = from; layer >= to; --layer) {
    for (bool moved = true; moved;) {
      moved = false;
      const Links links = LinksOf(graph, nearest, layer);
      for (uint32_t i = 0; i < links.count; ++i) CheckNode(graph, links.nodes[i]);
      WalkDistances(graph, query, links.nodes, links.count, scratch.batch_distances.data());
      num_distances += links.count;
      for (uint32_t i = 0; i < links.count; ++i) {
        if (!(scratch.batch_distances[i] < distance)) continue;
        distance = scratch.batch_distances[i];
        nearest = links.nodes[i];
        moved = true;
      }
    }
  }
  scratch.counters.distances += num_distances;
  return nearest;
}

// Writes the values of a node as an exact walk compares them.
HWY_INLINE void LoadWalk(const GraphView& graph, uint32_t node, float* out) {
  const hn::CappedTag<float, 16> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const uint8_t* code = graph.code(node);
  const uint8_t* detail = graph.detail(node);
  int64_t i = 0;
  for (; i + lanes <= graph.dim; i += lanes) hn::StoreU(LoadExact(d, graph, code, detail, i), d, out + i);
  for (; i < graph.dim; ++i) hn::StoreU(LoadExact(one, graph, code, detail, i), one, out + i);
}

CodeQuery QueryOfNode(const GraphView& graph, uint32_t node, int8_t* buffer) {
  const NodeHead& head = graph.head(node);
  CodeQuery query;
  query.base = static_cast<float>(head.norm) + head.extra * head.extra;
  query.extra = head.extra;
  // Unsigned: the sum of a damaged file may be anything.
  query.correction = static_cast<int32_t>(128U * static_cast<uint32_t>(head.sum));
  query.codes = buffer;
  if (graph.exact_walk) {
    auto* values = reinterpret_cast<float*>(buffer);
    LoadWalk(graph, node, values);
    query.walk = values;
    return query;
  }
  const uint8_t* code = graph.code(node);
  for (int64_t i = 0; i < graph.dim; ++i) buffer[i] = static_cast<int8_t>(code[i] ^ 0x80);
  std::fill(buffer + graph.dim, buffer + graph.padded_dim, int8_t{0});
  return query;
}

// Whether a node is nearer to one of some kept ones than `limit`.
HWY_INLINE bool IsNearerToKept(const GraphView& graph, uint32_t node, float limit, const CodeQuery* kept,
                               int64_t num_kept, WalkCounters& counters) {
  const uint8_t* code = graph.code(node);
  const NodeHead& head = graph.head(node);
  for (int64_t group = 0; group < num_kept; group += 4) {
    const int64_t in_group = HWY_MIN(int64_t{4}, num_kept - group);
    counters.distances += in_group;
    if (graph.exact_walk) {
      for (int64_t j = 0; j < in_group; ++j) {
        if (WalkDistance(graph, kept[group + j], node) < limit) return true;
      }
      continue;
    }
    const int8_t* queries[4];
    int32_t dots[4];
    for (int64_t j = 0; j < 4; ++j) queries[j] = kept[HWY_MIN(group + j, num_kept - 1)].codes;
    DotQueries(code, queries, graph.padded_dim, dots);
    for (int64_t j = 0; j < in_group; ++j) {
      if (CodeDistance(kept[group + j], head, dots[j]) < limit) return true;
    }
  }
  return false;
}

int64_t SelectNeighbors(const GraphView& graph, std::span<const uint64_t> candidates, int64_t m,
                        int8_t* buffer, uint32_t* out, WalkCounters& counters) {
  int64_t num_kept = 0;
  if (static_cast<int64_t>(candidates.size()) < m) {
    for (const uint64_t key : candidates) out[num_kept++] = NodePool::node_of(key);
    return num_kept;
  }
  WHITNEY_CHECK(m <= kMaxListed, "a list of ", m, " links");
  CodeQuery kept[kMaxListed];
  const int64_t stride = node_query_bytes(graph);
  for (const uint64_t key : candidates) {
    if (num_kept == m) break;
    const uint32_t node = NodePool::node_of(key);
    if (IsNearerToKept(graph, node, NodePool::distance_of(key), kept, num_kept, counters)) continue;
    kept[num_kept] = QueryOfNode(graph, node, buffer + num_kept * stride);
    out[num_kept++] = node;
  }
  return num_kept;
}

void DistancesOf(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                 float* out) {
  WalkDistances(graph, query, nodes.data(), static_cast<int64_t>(nodes.size()), out);
}

void CodeDistancesOf(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                     int64_t begin, int64_t end, bool asks_ahead, float* out) {
  ScanDistances(graph, query, nodes, begin, end, asks_ahead, out);
}

void ExactDistances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                    float* out) {
  constexpr size_t kAhead = 3;
  for (size_t i = 0; i < nodes.size() && i < kAhead; ++i) PrefetchExact(graph, nodes[i]);
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (i + kAhead < nodes.size()) PrefetchExact(graph, nodes[i + kAhead]);
    out[i] = ExactDistance(graph, query, nodes[i]);
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(QueryOfNode);
HWY_EXPORT(DistancesOf);
HWY_EXPORT(CodeDistancesOf);
HWY_EXPORT(ExactDistances);
HWY_EXPORT(PassingShare);
HWY_EXPORT(Descend);
HWY_EXPORT(SearchLayer);
HWY_EXPORT(SearchFiltered);
HWY_EXPORT(SelectNeighbors);

}  // namespace

CodeQuery query_of_node(const GraphView& graph, uint32_t node, int8_t* buffer) {
  return HWY_DYNAMIC_DISPATCH(QueryOfNode)(graph, node, buffer);
}

void walk_distances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                    float* out) {
  HWY_DYNAMIC_DISPATCH(DistancesOf)(graph, query, nodes, out);
}

void exact_distances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(ExactDistances)(graph, query, nodes, out);
}

void code_distances(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes,
                    int64_t begin, int64_t end, bool asks_ahead, float* out) {
  HWY_DYNAMIC_DISPATCH(CodeDistancesOf)(graph, query, nodes, begin, end, asks_ahead, out);
}

double passing_share(const GraphView& graph, uint32_t node, const uint64_t* passing) {
  return HWY_DYNAMIC_DISPATCH(PassingShare)(graph, node, passing);
}

uint32_t descend(const GraphView& graph, const CodeQuery& query, uint32_t entry, int from, int to,
                 WalkScratch& scratch) {
  return HWY_DYNAMIC_DISPATCH(Descend)(graph, query, entry, from, to, scratch);
}

void search_layer(const GraphView& graph, const CodeQuery& query, uint32_t entry, int layer,
                  WalkScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(SearchLayer)(graph, query, entry, layer, scratch);
}

bool search_filtered(const GraphView& graph, const CodeQuery& query, uint32_t entry,
                     std::span<const uint32_t> starts, const FilterWalk& filter, WalkScratch& scratch) {
  return HWY_DYNAMIC_DISPATCH(SearchFiltered)(graph, query, entry, starts, filter, scratch);
}

int64_t select_neighbors(const GraphView& graph, std::span<const uint64_t> candidates, int64_t m,
                         int8_t* buffer, uint32_t* out, WalkCounters& counters) {
  return HWY_DYNAMIC_DISPATCH(SelectNeighbors)(graph, candidates, m, buffer, out, counters);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
