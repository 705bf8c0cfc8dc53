#include <algorithm>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/search/hnsw_build.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

/// A list that lost a link, and what stands there instead.
struct NewList {
  uint32_t node;
  int layer;
  std::vector<uint32_t> links;
};

/// The tree in which a walk from the entry first meets each node of layer 0.
class ReachTree {
 public:
  explicit ReachTree(const HnswGraph& graph)
      : graph_(graph), parents_(static_cast<size_t>(graph.num_nodes), kNoNode) {
    parents_[graph.entry] = graph.entry;
    spread(graph.entry);
  }
  bool reaches(uint32_t node) const { return parents_[node] != kNoNode; }
  bool is_branch(uint32_t from, uint32_t to) const { return parents_[to] == from; }
  void attach(uint32_t from, uint32_t to) {
    parents_[to] = from;
    spread(to);
  }

 private:
  void spread(uint32_t start) {
    queue_.assign(1, start);
    while (!queue_.empty()) {
      const uint32_t node = queue_.back();
      queue_.pop_back();
      for (const uint32_t next : graph_.links(node, 0)) {
        if (reaches(next)) continue;
        parents_[next] = node;
        queue_.push_back(next);
      }
    }
  }

  const HnswGraph& graph_;
  std::vector<uint32_t> parents_, queue_;
};

/// Links `from` to `to`, in the place of the last link that the tree does not need where the list is full;
/// false when it needs all of them.
bool add_branch(HnswGraph& graph, ReachTree& tree, uint32_t from, uint32_t to) {
  const std::span<const uint32_t> old = graph.links(from, 0);
  std::vector<uint32_t> links(old.begin(), old.end());
  if (std::ssize(links) < graph.cap(0)) {
    links.push_back(to);
  } else {
    const auto spare = std::find_if(links.rbegin(), links.rend(),
                                    [&](uint32_t link) { return !tree.is_branch(from, link); });
    if (spare == links.rend()) return false;
    *spare = to;
  }
  graph.set_links(from, 0, links);
  tree.attach(from, to);
  return true;
}

/// Finds the reachable nodes nearest to one, nearest first, in scratch.pool.
void find_near(const HnswGraph& graph, uint32_t node, int64_t ef, Array<int8_t>& codes,
               WalkScratch& scratch) {
  const GraphView view = graph.view();
  scratch.fit(view);
  const CodeQuery query = query_of_node(view, node, codes.mutable_data());
  const uint32_t start = descend(view, query, graph.entry, graph.top_level, 1, scratch);
  scratch.pool.reset(ef);
  search_layer(view, query, start, 0, scratch);
}

/// Chooses anew the links of a node that lost some.
std::vector<uint32_t> repaired_list(const HnswGraph& graph, const GraphView& view, uint32_t node, int layer,
                                    std::span<const uint8_t> dead, const LinkRule& rule,
                                    LinkBuffers& buffers) {
  std::vector<uint32_t> candidates;
  for (const uint32_t link : graph.links(node, layer)) {
    if (dead[link] == 0) {
      candidates.push_back(link);
      continue;
    }
    for (const uint32_t next : graph.links(link, layer)) {
      if (dead[next] == 0 && next != node) candidates.push_back(next);
    }
  }
  std::ranges::sort(candidates);
  candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  const CodeQuery query = query_of_node(view, node, buffers.query_codes.mutable_data());
  std::vector<float> distances(candidates.size());
  walk_distances(view, query, candidates, distances.data());
  std::vector<uint64_t> keys(candidates.size());
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = NodePool::key_of(distances[i], candidates[i]);
  std::ranges::sort(keys);
  const std::span<const uint32_t> chosen = choose_links(view, keys, graph.cap(layer), rule, buffers);
  return {chosen.begin(), chosen.end()};
}

void repair_lists(HnswGraph& graph, std::span<const uint8_t> dead, const LinkRule& rule,
                  const Context& context) {
  constexpr int64_t kBlock = 4096;
  const int64_t n = graph.num_nodes, num_blocks = (n + kBlock - 1) / kBlock;
  std::vector<std::vector<NewList>> changes(static_cast<size_t>(num_blocks));
  const GraphView view = graph.view();
  parallel_blocks(context, n, kBlock, [&](int64_t begin, int64_t end) {
    LinkBuffers buffers;
    buffers.fit(view);
    for (int64_t i = begin; i < end; ++i) {
      const auto node = static_cast<uint32_t>(i);
      if (dead[node] != 0) continue;
      for (int layer = 0; layer <= graph.levels[node]; ++layer) {
        const std::span<const uint32_t> links = graph.links(node, layer);
        if (std::ranges::none_of(links, [&](uint32_t link) { return dead[link] != 0; })) continue;
        changes[static_cast<size_t>(begin / kBlock)].push_back(
            {node, layer, repaired_list(graph, view, node, layer, dead, rule, buffers)});
      }
    }
  });
  for (const auto& block : changes) {
    for (const NewList& list : block) graph.set_links(list.node, list.layer, list.links);
  }
}

void choose_entry(HnswGraph& graph) {
  graph.entry = kNoNode;
  graph.top_level = -1;
  for (uint32_t node = 0; node < graph.num_nodes; ++node) {
    if (graph.levels[node] <= graph.top_level) continue;
    graph.top_level = graph.levels[node];
    graph.entry = node;
  }
}

void attach_nearest(HnswGraph& graph, ReachTree& tree, const NodePool& pool, uint32_t node) {
  for (uint32_t i = 0; i < pool.size; ++i) {
    if (add_branch(graph, tree, NodePool::node_of(pool.keys[i]), node)) return;
  }
  // A tree of r nodes needs r - 1 links, so that of 2M r some are spare.
  for (uint32_t from = 0; from < graph.num_nodes; ++from) {
    if (tree.reaches(from) && add_branch(graph, tree, from, node)) return;
  }
  WHITNEY_CHECK(false, "node ", node, " cannot be reached");
}

/// For a node that lost all its links: the nearest.
void link_nearest(HnswGraph& graph, const NodePool& pool, uint32_t node) {
  std::vector<uint32_t> links;
  for (uint32_t i = 0; i < pool.size && std::ssize(links) < graph.m; ++i) {
    const uint32_t link = NodePool::node_of(pool.keys[i]);
    if (link != node) links.push_back(link);
  }
  graph.set_links(node, 0, links);
}

}  // namespace

void connect_layer0(HnswGraph& graph, int64_t ef, const Context& context) {
  if (graph.num_nodes == 0) return;
  ReachTree tree(graph);
  WalkScratch scratch;
  Array<int8_t> codes(node_query_bytes(graph.view()));
  for (uint32_t node = 0; node < graph.num_nodes; ++node) {
    const bool leads_nowhere = graph.links(node, 0).empty() && graph.num_nodes > 1;
    if (tree.reaches(node) && !leads_nowhere) continue;
    context.check_cancelled();
    find_near(graph, node, ef, codes, scratch);
    if (!tree.reaches(node)) attach_nearest(graph, tree, scratch.pool, node);
    if (leads_nowhere) link_nearest(graph, scratch.pool, node);
  }
}

std::vector<uint32_t> remove_nodes(HnswGraph& graph, std::span<const uint8_t> dead, const LinkRule& rule,
                                   const Context& context) {
  graph.make_writable();
  const int64_t num_dead = std::ranges::count_if(dead, [](uint8_t is_dead) { return is_dead != 0; });
  // Above this share linking anew costs about as much as repair, and gives the better graph.
  const bool rebuild = num_dead * 3 > graph.num_nodes;
  if (!rebuild) repair_lists(graph, dead, rule, context);
  std::vector<uint32_t> numbers = graph.keep_nodes(dead, rebuild);
  if (rebuild) {
    std::vector<uint32_t> order(static_cast<size_t>(graph.num_nodes));
    std::iota(order.begin(), order.end(), 0u);
    link_nodes(graph, order, rule, context);
    return numbers;
  }
  if (graph.entry == kNoNode) choose_entry(graph);
  connect_layer0(graph, rule.window, context);
  return numbers;
}

}  // namespace whitney::search
