#include "whitney/search/symphonyqg_build.h"

#include <algorithm>
#include <functional>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/search/candidate_keys.h"
#include "whitney/search/hnsw_build.h"
#include "whitney/search/hnsw_walk.h"
#include "whitney/search/symphonyqg_completion.h"

namespace whitney::search {
namespace {

/// Nearest nodes that links are chosen from, and of those not chosen the ones kept to complete them.
constexpr size_t kMostCandidates = 750, kMostSpare = 96;
constexpr int64_t kBlock = 256;

/// Lists of nodes, at most `cap` each, in one run of memory.
class Lists {
 public:
  Lists(int64_t num_nodes, int64_t cap)
      : cap_(static_cast<size_t>(cap)),
        nodes_(static_cast<size_t>(num_nodes) * cap_),
        counts_(static_cast<size_t>(num_nodes), 0) {}
  std::span<const uint32_t> at(uint32_t node) const { return {&nodes_[node * cap_], counts_[node]}; }
  void set(uint32_t node, std::span<const uint32_t> list) {
    const size_t count = std::min(list.size(), cap_);
    std::copy_n(list.begin(), count, nodes_.begin() + static_cast<std::ptrdiff_t>(node * cap_));
    counts_[node] = static_cast<uint32_t>(count);
  }

 private:
  size_t cap_;
  std::vector<uint32_t> nodes_, counts_;
};

/// The nodes that link to each node, ascending: of lists turned around.
class LinksBack {
 public:
  LinksBack(const Lists& lists, int64_t num_nodes) : starts_(static_cast<size_t>(num_nodes) + 1, 0) {
    for (uint32_t from = 0; from < num_nodes; ++from) {
      for (const uint32_t to : lists.at(from)) ++starts_[to + size_t{1}];
    }
    for (size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
    nodes_.resize(starts_.back());
    std::vector<size_t> next(starts_.begin(), starts_.end() - 1);
    for (uint32_t from = 0; from < num_nodes; ++from) {
      for (const uint32_t to : lists.at(from)) nodes_[next[to]++] = from;
    }
  }
  std::span<const uint32_t> at(uint32_t node) const {
    return {nodes_.data() + starts_[node], nodes_.data() + starts_[node + size_t{1}]};
  }

 private:
  std::vector<size_t> starts_;
  std::vector<uint32_t> nodes_;
};

/// Memory of one thread.
struct Worker {
  WalkScratch scratch;
  Array<int8_t> query_codes, kept_codes, other_codes;
  std::vector<uint32_t> chosen, nodes;
  std::vector<float> distances;
  CandidateKeys candidates;

  void fit(const GraphView& graph) {
    scratch.fit(graph);
    const int64_t query_bytes = node_query_bytes(graph);
    if (query_codes.size() >= query_bytes) return;
    query_codes = Array<int8_t>(query_bytes);
    other_codes = Array<int8_t>(query_bytes);
    kept_codes = Array<int8_t>(query_bytes * 2 * graph.m);
    chosen.resize(2 * size_t{graph.m});
  }
  CodeQuery query_of(const GraphView& graph, uint32_t node) {
    return query_of_node(graph, node, query_codes.mutable_data());
  }
  /// Measures `nodes`, which are freed of repeats and of the base itself.
  void measure(const GraphView& graph, const CodeQuery& query, uint32_t base) {
    VisitedSet& met = scratch.visited;
    met.hold({&base, 1});
    met.reserve(nodes.size());
    std::erase_if(nodes, [&](uint32_t node) { return !met.meet(node); });
    candidates.measure(graph, query, nodes);
  }
};

/// PRUNE: chooses among worker.candidates.keys up to the cap; what is not chosen, nearest first, goes to
/// `spare`.
std::span<const uint32_t> choose(Worker& worker, const GraphView& view, std::vector<uint32_t>& spare) {
  const int64_t cap = 2 * int64_t{view.m};
  if (worker.candidates.keys.size() > kMostCandidates) worker.candidates.keys.resize(kMostCandidates);
  const int64_t count = select_neighbors(view, worker.candidates.keys, cap, worker.kept_codes.mutable_data(),
                                         worker.chosen.data(), worker.scratch.counters);
  // Both are in the order of distance.
  spare.clear();
  int64_t at = 0;
  for (const uint64_t key : worker.candidates.keys) {
    const uint32_t node = NodePool::node_of(key);
    if (at < count && worker.chosen[static_cast<size_t>(at)] == node)
      ++at;
    else if (spare.size() < kMostSpare)
      spare.push_back(node);
  }
  return {worker.chosen.data(), static_cast<size_t>(count)};
}

/// Completes the links of a node from candidates, and where these are too few by any nodes, drawn by the
/// node.
std::vector<uint32_t> completed(Worker& worker, const GraphView& view, uint32_t node,
                                std::span<const uint32_t> links, std::span<const uint32_t> spare,
                                uint64_t seed) {
  const auto wanted = std::min(2 * size_t{view.m}, size_t{view.num_nodes} - 1);
  std::vector<uint32_t> result(links.begin(), links.end());
  if (result.size() >= wanted) return result;
  worker.nodes.assign(spare.begin(), spare.end());
  worker.nodes.insert(worker.nodes.end(), links.begin(), links.end());
  worker.measure(view, worker.query_of(view, node), node);
  const VisitedSet& present = worker.scratch.visited.hold(links);
  std::vector<LinkCandidate> candidates;
  for (const uint64_t key : worker.candidates.keys) {
    const uint32_t candidate = NodePool::node_of(key);
    if (present.has(candidate) || candidates.size() < kMostSpare + links.size())
      candidates.push_back({candidate, NodePool::distance_of(key), present.has(candidate)});
  }
  worker.nodes.resize(candidates.size());
  worker.distances.resize(candidates.size());
  for (size_t i = 0; i < candidates.size(); ++i) worker.nodes[i] = candidates[i].node;
  complete_by_angle(candidates, static_cast<int64_t>(wanted), [&](size_t i) {
    const CodeQuery query = query_of_node(view, worker.nodes[i], worker.other_codes.mutable_data());
    walk_distances(view, query, std::span(worker.nodes).subspan(i + 1), worker.distances.data() + i + 1);
    return static_cast<const float*>(worker.distances.data());
  });
  for (const LinkCandidate& candidate : candidates) {
    if (candidate.chosen && !present.has(candidate.node)) result.push_back(candidate.node);
  }
  RandomStream random(seed, "symphonyqg links", node);
  while (result.size() < wanted) {
    const auto drawn = static_cast<uint32_t>(random.below(view.num_nodes));
    if (drawn != node && std::ranges::find(result, drawn) == result.end()) result.push_back(drawn);
  }
  return result;
}

class Refiner {
 public:
  Refiner(HnswGraph& graph, const Context& context)
      : graph_(graph),
        view_(graph.view()),
        context_(context),
        workers_(static_cast<size_t>(context.num_threads())) {
    for (Worker& worker : workers_) worker.fit(view_);
  }

  void run(int64_t window, bool complete, uint64_t seed) {
    const int64_t n = graph_.num_nodes, cap = graph_.cap(0);
    const int64_t reach = (window + 1) / 2;
    Lists chosen(n, cap), spare(n, kMostSpare);
    each_node([&](Worker& worker, uint32_t node) {
      worker.candidates.find_around(graph_, worker.query_of(view_, node), node, window, reach,
                                    worker.scratch);
      std::vector<uint32_t> rest;
      chosen.set(node, choose(worker, view_, rest));
      spare.set(node, rest);
    });
    const LinksBack back(chosen, n);
    Lists links(n, cap);
    each_node([&](Worker& worker, uint32_t node) {
      std::vector<uint32_t> list = with_links_back(worker, chosen.at(node), back.at(node), node, spare);
      if (complete) list = completed(worker, view_, node, list, spare.at(node), seed);
      links.set(node, list);
    });
    for (uint32_t node = 0; node < n; ++node) graph_.set_links(node, 0, links.at(node));
  }

 private:
  void each_node(const std::function<void(Worker& worker, uint32_t node)>& body) {
    const int64_t num_blocks = (graph_.num_nodes + kBlock - 1) / kBlock;
    parallel_for_workers(context_, num_blocks, [&](int worker, int64_t block) {
      context_.check_cancelled();
      const int64_t end = std::min((block + 1) * kBlock, graph_.num_nodes);
      for (int64_t node = block * kBlock; node < end; ++node)
        body(workers_[static_cast<size_t>(worker)], static_cast<uint32_t>(node));
    });
  }

  /// Adds the nodes that link to one to its links; where there are too many, chooses anew among all.
  std::vector<uint32_t> with_links_back(Worker& worker, std::span<const uint32_t> own,
                                        std::span<const uint32_t> back, uint32_t node, Lists& spare) {
    worker.nodes.assign(own.begin(), own.end());
    const VisitedSet& chosen = worker.scratch.visited.hold(own);
    for (const uint32_t from : back) {
      if (!chosen.has(from)) worker.nodes.push_back(from);
    }
    if (std::ssize(worker.nodes) <= graph_.cap(0)) return worker.nodes;
    const size_t num_all = worker.nodes.size();
    worker.measure(view_, worker.query_of(view_, node), node);
    WHITNEY_CHECK(worker.nodes.size() == num_all, "node ", node, " links to itself");
    std::vector<uint32_t> rest;
    const std::span<const uint32_t> list = choose(worker, view_, rest);
    const std::span<const uint32_t> known = spare.at(node);
    rest.insert(rest.end(), known.begin(), known.end());
    std::ranges::sort(rest);
    rest.erase(std::unique(rest.begin(), rest.end()), rest.end());
    std::vector<uint32_t> result(list.begin(), list.end());
    keep_nearest(worker, rest, node);
    spare.set(node, rest);
    return result;
  }

  void keep_nearest(Worker& worker, std::vector<uint32_t>& nodes, uint32_t node) {
    if (nodes.size() <= kMostSpare) return;
    worker.nodes = nodes;
    worker.measure(view_, worker.query_of(view_, node), node);
    nodes.clear();
    for (const uint64_t key : worker.candidates.keys) {
      if (nodes.size() < kMostSpare) nodes.push_back(NodePool::node_of(key));
    }
  }

  HnswGraph& graph_;
  GraphView view_;
  const Context& context_;
  std::vector<Worker> workers_;
};

}  // namespace

void refine_links(HnswGraph& graph, int64_t ef_construction, bool complete, uint64_t seed,
                  const Context& context) {
  if (graph.num_nodes < 2) return;
  graph.make_writable();
  Refiner(graph, context).run(std::max(ef_construction, graph.m), complete, seed);
  connect_layer0(graph, ef_construction, context);
}

void refill_links(HnswGraph& graph, std::span<const uint32_t> nodes,
                  const std::vector<std::vector<uint32_t>>& spare, uint64_t seed, const Context& context) {
  if (nodes.empty()) return;
  graph.make_writable();
  const GraphView view = graph.view();
  std::vector<std::vector<uint32_t>> lists(nodes.size());
  std::vector<Worker> workers(static_cast<size_t>(context.num_threads()));
  for (Worker& worker : workers) worker.fit(view);
  parallel_for_workers(context, std::ssize(nodes), [&](int worker, int64_t place) {
    const auto i = static_cast<size_t>(place);
    const uint32_t node = nodes[i];
    const std::span<const uint32_t> links = graph.links(node, 0);
    std::vector<uint32_t> candidates;
    if (i < spare.size()) candidates = spare[i];
    for (const uint32_t link : links) {
      for (const uint32_t next : graph.links(link, 0)) candidates.push_back(next);
    }
    lists[i] = completed(workers[static_cast<size_t>(worker)], view, node, links, candidates, seed);
  });
  for (size_t i = 0; i < nodes.size(); ++i) graph.set_links(nodes[i], 0, lists[i]);
}

}  // namespace whitney::search
