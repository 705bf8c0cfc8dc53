#include "whitney/eval/link_prediction_split.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

/// An edge as users count it, and where its weight stands.
struct Edge {
  int64_t source, target, entry;
  bool is_test = false;
};

std::vector<Edge> edges_of(const Graph& graph) {
  std::vector<Edge> edges;
  for (int64_t u = 0; u < graph.num_nodes(); ++u) {
    for (int64_t entry = graph.offsets[u]; entry < graph.offsets[u + 1]; ++entry) {
      const int64_t v = graph.targets[entry];
      if (graph.directed || u <= v) edges.push_back({u, v, entry});
    }
  }
  return edges;
}

/// Which nodes hang together, by edges so far.
class Components {
 public:
  explicit Components(int64_t n) : parents_(static_cast<size_t>(n)) {
    std::iota(parents_.begin(), parents_.end(), 0);
  }
  /// Gives false when the two hung together already.
  bool join(int64_t a, int64_t b) {
    const int64_t x = root(a), y = root(b);
    parents_[size_t(std::max(x, y))] = std::min(x, y);
    return x != y;
  }

 private:
  int64_t root(int64_t node) {
    while (parents_[size_t(node)] != node) {
      parents_[size_t(node)] = parents_[size_t(parents_[size_t(node)])];
      node = parents_[size_t(node)];
    }
    return node;
  }
  std::vector<int64_t> parents_;
};

/// Marks the test edges. An edge that joins two parts when it comes up belongs to the forest.
void draw_test_edges(std::vector<Edge>& edges, const Graph& graph, const LinkSplitOptions& options, int split,
                     LinkSplit& result, const Context& context) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < std::ssize(edges); ++i) {
    if (edges[size_t(i)].source != edges[size_t(i)].target) order.push_back(i);
  }
  RandomStream(context.seed, "link-split", static_cast<uint64_t>(split)).shuffle(std::span(order));
  auto wanted = static_cast<int64_t>(options.test_ratio * static_cast<double>(order.size()));
  Components components(graph.num_nodes());
  for (const int64_t i : order) {
    Edge& edge = edges[size_t(i)];
    if (options.keep_connected && components.join(edge.source, edge.target)) continue;
    if (wanted == 0) break;
    --wanted;
    edge.is_test = true;
    result.positives.emplace_back(edge.source, edge.target);
  }
  result.num_missing = wanted;
}

Graph graph_without_tests(const std::vector<Edge>& edges, const Graph& graph, const Context& context) {
  std::vector<uint32_t> sources, targets;
  std::vector<float> weights;
  for (const Edge& edge : edges) {
    if (edge.is_test) continue;
    sources.push_back(static_cast<uint32_t>(edge.source));
    targets.push_back(static_cast<uint32_t>(edge.target));
    if (graph.weighted()) weights.push_back(graph.weights[edge.entry]);
  }
  return build_graph(graph.ids, {sources, targets, weights}, graph.directed, context);
}

/// Pairs of two different nodes, at most as many as it was made for: 16 to 32 bytes each.
class PairSet {
 public:
  explicit PairSet(int64_t most) : places_(std::bit_ceil(2 * static_cast<size_t>(most) + 1), kNone) {}

  /// Gives false when the pair is there already.
  bool insert(const NodePair& pair) {
    const uint64_t key = (static_cast<uint64_t>(pair.first) << 32) | static_cast<uint64_t>(pair.second);
    constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;  // spreads keys over the upper bits
    auto place = static_cast<size_t>((key * kGolden) >> (65 - std::bit_width(places_.size())));
    while (places_[place] != kNone && places_[place] != key) place = (place + 1) & (places_.size() - 1);
    return std::exchange(places_[place], key) != key;
  }

 private:
  static constexpr uint64_t kNone = 0;  // the pair (0, 0)
  std::vector<uint64_t> places_;
};

bool has_edge(const Graph& graph, int64_t u, int64_t v) {
  return std::ranges::binary_search(graph.neighbors(u), static_cast<uint32_t>(v));
}

void draw_negatives(const Graph& graph, const LinkSplitOptions& options, int split, LinkSplit& result,
                    const Context& context) {
  constexpr int64_t kTries = 1000;
  const auto n = static_cast<uint64_t>(graph.num_nodes());
  const int64_t wanted = std::ssize(result.positives) * options.negatives_per_edge;
  RandomStream random(context.seed, "negatives", static_cast<uint64_t>(split));
  PairSet drawn(wanted);
  for (int64_t tries = 0; std::ssize(result.negatives) < wanted; ++tries) {
    if (tries >= kTries * wanted) {
      fail("only ", result.negatives.size(), " of ", wanted, " pairs that are no edges were found in ", tries,
           " draws (expected: a graph of fewer edges, or fewer negatives_per_edge)");
    }
    NodePair pair;
    pair.first = static_cast<int64_t>(random.below(n));
    pair.second = static_cast<int64_t>(random.below(n));
    if (options.negatives == NegativeSampling::kDegree) {
      pair.first = result.positives[random.below(result.positives.size())].first;
      pair.second = graph.targets[int64_t(random.below(uint64_t(graph.nnz())))];
    }
    if (pair.first == pair.second || has_edge(graph, pair.first, pair.second)) continue;
    NodePair once = pair;
    if (!graph.directed && once.second < once.first) std::swap(once.first, once.second);
    if (drawn.insert(once))
      result.negatives.push_back(options.negatives == NegativeSampling::kUniform ? once : pair);
  }
}

}  // namespace

LinkSplit split_links(const Graph& graph, const LinkSplitOptions& options, int split,
                      const Context& context) {
  LinkSplit result;
  std::vector<Edge> edges = edges_of(graph);
  draw_test_edges(edges, graph, options, split, result, context);
  if (result.positives.empty()) {
    fail("a test ratio of ", options.test_ratio, " takes none of ", edges.size(), " edges",
         options.keep_connected ? " while the rest stays connected (keep_connected=false allows more)" : "");
  }
  result.training = graph_without_tests(edges, graph, context);
  draw_negatives(graph, options, split, result, context);
  return result;
}

}  // namespace whitney::eval
