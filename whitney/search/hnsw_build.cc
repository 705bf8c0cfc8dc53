#include "whitney/search/hnsw_build.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/search/candidate_keys.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

/// The most nodes that are linked at once: enough for many threads; all pairs of them still cost little
/// beside their walks.
constexpr int64_t kMaxBatch = 1024;

/// Memory of one thread.
struct Worker {
  WalkScratch scratch;
  LinkBuffers buffers;
  CandidateKeys candidates;

  void fit(const GraphView& graph) {
    scratch.fit(graph);
    buffers.fit(graph);
  }
  CodeQuery query_of(const GraphView& graph, uint32_t node) {
    return query_of_node(graph, node, buffers.query_codes.mutable_data());
  }
};

/// `from` links to `to` on a layer; `order` is the place of `from` in the batch.
struct Edge {
  uint32_t to, from;
  int32_t layer, order;
};

class Linker {
 public:
  Linker(HnswGraph& graph, const LinkRule& rule, const Context& context)
      : graph_(graph),
        view_(graph.view()),
        rule_(rule),
        window_(std::max(rule.window, graph.m)),
        context_(context),
        workers_(static_cast<size_t>(context.num_threads())) {
    for (Worker& worker : workers_) worker.fit(view_);
  }

  /// `has_links`: the nodes stand in the graph already.
  void link(std::span<const uint32_t> order, bool has_links) {
    const int64_t cap = std::clamp<int64_t>(graph_.num_nodes / 50, 1, kMaxBatch);
    has_links_ = has_links;
    int64_t num_linked = has_links ? graph_.num_nodes : graph_.num_nodes - std::ssize(order);
    for (int64_t begin = 0; begin < std::ssize(order);) {
      context_.check_cancelled();
      context_.advance("links", begin, std::ssize(order), "vectors");
      const int64_t size = std::min({std::max<int64_t>(num_linked, 1), cap, std::ssize(order) - begin});
      link_batch(order.subspan(static_cast<size_t>(begin), static_cast<size_t>(size)));
      begin += size;
      num_linked += size;
    }
    context_.advance("links", std::ssize(order), std::ssize(order), "vectors");
  }

 private:
  void link_batch(std::span<const uint32_t> batch);
  void find_links(Worker& worker, std::span<const uint32_t> batch, size_t place,
                  std::vector<std::vector<uint32_t>>& lists);
  std::vector<uint32_t> chosen_anew(Worker& worker, uint32_t node);
  void add_links_back(std::span<const uint32_t> batch,
                      const std::vector<std::vector<std::vector<uint32_t>>>& lists);
  std::vector<uint32_t> extended_list(Worker& worker, std::span<const Edge> edges);

  HnswGraph& graph_;
  GraphView view_;
  LinkRule rule_;
  int64_t window_;
  bool has_links_ = false;
  const Context& context_;
  std::vector<Worker> workers_;
};

void Linker::link_batch(std::span<const uint32_t> batch) {
  // Lists are written after all were chosen, so that no thread reads what another one writes.
  std::vector<std::vector<std::vector<uint32_t>>> lists(batch.size());
  parallel_for_workers(context_, std::ssize(batch), [&](int worker, int64_t place) {
    const auto at = static_cast<size_t>(place);
    Worker& own = workers_[static_cast<size_t>(worker)];
    if (has_links_)
      lists[at] = {chosen_anew(own, batch[at])};
    else
      find_links(own, batch, at, lists[at]);
  });
  for (size_t i = 0; i < batch.size(); ++i) {
    for (size_t layer = 0; layer < lists[i].size(); ++layer) {
      graph_.set_links(batch[i], static_cast<int>(layer), lists[i][layer]);
    }
  }
  add_links_back(batch, lists);
  for (const uint32_t node : batch) {
    if (graph_.levels[node] <= graph_.top_level) continue;
    graph_.top_level = graph_.levels[node];
    graph_.entry = node;
  }
}

// INSERT of the paper for the node at `place`, up to its own lists.
void Linker::find_links(Worker& worker, std::span<const uint32_t> batch, size_t place,
                        std::vector<std::vector<uint32_t>>& lists) {
  WalkScratch& scratch = worker.scratch;
  const uint32_t node = batch[place];
  const int level = graph_.levels[node];
  const CodeQuery query = worker.query_of(view_, node);
  std::vector<float> in_batch(batch.size());
  walk_distances(view_, query, batch, in_batch.data());
  lists.resize(static_cast<size_t>(level) + 1);
  uint32_t nearest = graph_.entry;
  if (graph_.top_level > level)
    nearest = descend(view_, query, nearest, graph_.top_level, level + 1, scratch);
  for (int layer = level; layer >= 0; --layer) {
    scratch.pool.reset(window_);
    if (layer <= graph_.top_level) {
      search_layer(view_, query, nearest, layer, scratch);
      nearest = NodePool::node_of(scratch.pool.keys[0]);
    }
    for (size_t i = 0; i < batch.size(); ++i) {
      if (i == place || graph_.levels[batch[i]] < layer) continue;
      const uint64_t key = NodePool::key_of(in_batch[i], batch[i]);
      if (key < scratch.pool.bound()) scratch.pool.insert(key);
    }
    const std::span<const uint64_t> candidates(scratch.pool.keys.data(), scratch.pool.size);
    // hnsw keeps half of a list of layer 0 for the links of others.
    const int64_t most = rule_.method == LinkMethod::kHnsw ? graph_.m : links_kept(rule_, graph_.cap(layer));
    const std::span<const uint32_t> chosen = choose_links(view_, candidates, most, rule_, worker.buffers);
    lists[static_cast<size_t>(layer)].assign(chosen.begin(), chosen.end());
  }
}

// The links on layer 0 of a node that has some.
std::vector<uint32_t> Linker::chosen_anew(Worker& worker, uint32_t node) {
  // By half, links of 384 dimensions find a little less at recall 0.99; by all, no more than so.
  const int64_t reach = (3 * window_ + 3) / 4;
  worker.candidates.find_around(graph_, worker.query_of(view_, node), node, window_, reach, worker.scratch);
  const int64_t most = links_kept(rule_, graph_.cap(0));
  const std::span<const uint32_t> chosen =
      choose_links(view_, worker.candidates.keys, most, rule_, worker.buffers);
  return {chosen.begin(), chosen.end()};
}

void Linker::add_links_back(std::span<const uint32_t> batch,
                            const std::vector<std::vector<std::vector<uint32_t>>>& lists) {
  std::vector<Edge> edges;
  for (size_t i = 0; i < batch.size(); ++i) {
    for (size_t layer = 0; layer < lists[i].size(); ++layer) {
      for (const uint32_t to : lists[i][layer]) {
        edges.push_back({to, batch[i], static_cast<int32_t>(layer), static_cast<int32_t>(i)});
      }
    }
  }
  std::ranges::sort(edges, [](const Edge& a, const Edge& b) {
    if (a.layer != b.layer) return a.layer < b.layer;
    return a.to != b.to ? a.to < b.to : a.order < b.order;
  });
  std::vector<size_t> starts;
  for (size_t i = 0; i < edges.size(); ++i) {
    if (i == 0 || edges[i].to != edges[i - 1].to || edges[i].layer != edges[i - 1].layer) starts.push_back(i);
  }
  const size_t num_groups = starts.size();
  starts.push_back(edges.size());
  std::vector<std::vector<uint32_t>> extended(num_groups);
  parallel_for_workers(context_, static_cast<int64_t>(num_groups), [&](int worker, int64_t group) {
    const auto g = static_cast<size_t>(group);
    extended[g] = extended_list(workers_[static_cast<size_t>(worker)],
                                {edges.data() + starts[g], edges.data() + starts[g + 1]});
  });
  for (size_t g = 0; g < num_groups; ++g) {
    graph_.set_links(edges[starts[g]].to, edges[starts[g]].layer, extended[g]);
  }
}

// The list of a node with new links to it: appended where there is room, else chosen anew among all.
std::vector<uint32_t> Linker::extended_list(Worker& worker, std::span<const Edge> edges) {
  const uint32_t node = edges[0].to;
  const int64_t cap = graph_.cap(edges[0].layer);
  const std::span<const uint32_t> old = graph_.links(node, edges[0].layer);
  std::vector<uint32_t> list(old.begin(), old.end());
  for (const Edge& edge : edges) {
    // Two nodes of a batch may have chosen each other.
    if (std::find(old.begin(), old.end(), edge.from) == old.end()) list.push_back(edge.from);
  }
  if (std::ssize(list) <= cap) return list;
  worker.candidates.measure(view_, worker.query_of(view_, node), list);
  const std::span<const uint32_t> chosen =
      choose_links(view_, worker.candidates.keys, links_kept(rule_, cap), rule_, worker.buffers);
  return {chosen.begin(), chosen.end()};
}

}  // namespace

void LinkBuffers::fit(const GraphView& graph) {
  const int64_t query_bytes = node_query_bytes(graph);
  if (query_codes.size() >= query_bytes) return;
  query_codes = Array<int8_t>(query_bytes);
  kept_codes = Array<int8_t>(query_bytes * 2 * graph.m);
  chosen.resize(2 * size_t{graph.m});
}

int64_t links_kept(const LinkRule& rule, int64_t cap) {
  return rule.method == LinkMethod::kHnsw ? cap : cap - cap / 8;
}

std::span<const uint32_t> choose_links(const GraphView& graph, std::span<const uint64_t> candidates,
                                       int64_t most, const LinkRule& rule, LinkBuffers& buffers) {
  int8_t* kept = buffers.kept_codes.mutable_data();
  uint32_t* out = buffers.chosen.data();
  const int64_t count =
      rule.method == LinkMethod::kHnsw
          ? select_neighbors(graph, candidates, most, kept, out, buffers.counters)
          : prune_robustly(graph, candidates, most, rule.alpha, kept, buffers.prune, out, buffers.counters);
  return {out, static_cast<size_t>(count)};
}

uint8_t draw_level(uint64_t seed, uint32_t node, int64_t m) {
  RandomStream random(seed, "hnsw level", node);
  const double level = -std::log(random.uniform_positive()) / std::log(static_cast<double>(m));
  return static_cast<uint8_t>(std::min<double>(std::floor(level), kMaxLevel));
}

void link_nodes(HnswGraph& graph, std::span<const uint32_t> order, const LinkRule& rule,
                const Context& context) {
  if (order.empty()) return;
  graph.make_writable();
  Linker(graph, rule, context).link(order, false);
  connect_layer0(graph, rule.window, context);
}

void relink_nodes(HnswGraph& graph, std::span<const uint32_t> order, const LinkRule& rule,
                  const Context& context) {
  if (order.empty()) return;
  graph.make_writable();
  Linker(graph, rule, context).link(order, true);
  connect_layer0(graph, rule.window, context);
}

}  // namespace whitney::search
