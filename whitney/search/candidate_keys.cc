#include "whitney/search/candidate_keys.h"

#include <algorithm>

#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

void walk_around(const GraphView& graph, const CodeQuery& query, uint32_t start, int64_t window,
                 int64_t reach, WalkScratch& scratch) {
  scratch.pool.reset(window);
  scratch.pool.reach = static_cast<uint32_t>(reach);
  search_layer(graph, query, start, 0, scratch);
}

}  // namespace

void CandidateKeys::measure(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes) {
  distances_.resize(nodes.size());
  walk_distances(graph, query, nodes, distances_.data());
  keys.resize(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) keys[i] = NodePool::key_of(distances_[i], nodes[i]);
  std::ranges::sort(keys);
}

void CandidateKeys::find_around(const HnswGraph& graph, const CodeQuery& query, uint32_t node, int64_t window,
                                int64_t reach, WalkScratch& scratch) {
  const GraphView view = graph.view();
  walk_around(view, query, node, window, reach, scratch);
  // Where links lead out of a small group to no other node, a walk from the entry meets the others.
  if (scratch.pool.size < std::min(window, graph.num_nodes))
    walk_around(view, query, descend(view, query, graph.entry, graph.top_level, 1, scratch), window, reach,
                scratch);
  const std::span<const uint32_t> links = graph.links(node, 0);
  measure(view, query, links);
  const std::ptrdiff_t num_links = std::ssize(keys);
  const VisitedSet& known = scratch.visited.hold(links);
  for (uint32_t i = 0; i < scratch.pool.size; ++i) {
    const uint64_t key = scratch.pool.keys[i] & ~uint64_t{1};  // without the mark of the walk
    const uint32_t met = NodePool::node_of(key);
    if (met != node && !known.has(met)) keys.push_back(key);
  }
  std::ranges::inplace_merge(keys, keys.begin() + num_links);
}

}  // namespace whitney::search
