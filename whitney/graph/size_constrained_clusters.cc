#include "whitney/graph/size_constrained_clusters.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/random.h"
#include "whitney/graph/groups.h"
#include "whitney/graph/modularity.h"

namespace whitney::graph {
namespace {

constexpr int kClusterPasses = 3;
constexpr int64_t kNodesBetweenStops = 1 << 14;

int64_t num_nodes(const SymmetricRows& rows) { return rows.offsets.size() - 1; }
int64_t degree(const SymmetricRows& rows, int64_t node) {
  return rows.offsets[node + 1] - rows.offsets[node];
}

class Propagation {
 public:
  Propagation(const SymmetricRows& rows, int64_t cap, std::vector<uint32_t>& labels)
      : rows_(rows), cap_(cap), labels_(labels), sizes_(sizes_of(labels, std::ssize(labels))) {
    weight_to_.resize(labels.size());
  }

  /// Says whether the node has another label now.
  bool move(uint32_t node) {
    const uint32_t own = labels_[node];
    for (int64_t e = rows_.offsets[node]; e < rows_.offsets[int64_t{node} + 1]; ++e) {
      const uint32_t label = labels_[rows_.neighbors[e]];
      if (weight_to_[label] == 0) near_.push_back(label);
      weight_to_[label] += rows_.weights.empty() ? 1 : rows_.weights[e];
    }
    uint32_t best = own;
    for (const uint32_t label : near_) {
      if (label != own && sizes_[label] < cap_ && is_better(label, best, own)) best = label;
    }
    for (const uint32_t label : near_) weight_to_[label] = 0;
    near_.clear();
    if (best == own) return false;
    --sizes_[own], ++sizes_[best];
    labels_[node] = best;
    return true;
  }

 private:
  bool is_better(uint32_t label, uint32_t best, uint32_t own) const {
    if (weight_to_[label] != weight_to_[best]) return weight_to_[label] > weight_to_[best];
    return best != own && std::pair(sizes_[label], label) < std::pair(sizes_[best], best);
  }

  const SymmetricRows& rows_;
  int64_t cap_;
  std::vector<uint32_t>& labels_;
  std::vector<int64_t> sizes_;
  /// Of the labels of near_, and 0 for all others.
  std::vector<double> weight_to_;
  std::vector<uint32_t> near_;
};

// Equal degrees in random order.
std::vector<uint32_t> few_edges_first(const SymmetricRows& rows, uint64_t seed) {
  std::vector<uint32_t> order(static_cast<size_t>(num_nodes(rows)));
  std::iota(order.begin(), order.end(), 0U);
  RandomStream(seed, "cluster order", 0).shuffle(std::span(order));
  std::ranges::stable_sort(order, {}, [&](uint32_t v) { return degree(rows, v); });
  return order;
}

}  // namespace

void propagate_labels(const SymmetricRows& rows, std::span<const uint32_t> order, int64_t cap, int passes,
                      std::vector<uint32_t>& labels, const Context& context) {
  Propagation propagation(rows, cap, labels);
  for (int pass = 0; pass < passes; ++pass) {
    size_t num_moved = 0;
    for (size_t i = 0; i < order.size(); ++i) {
      if (i % kNodesBetweenStops == 0) context.check_cancelled();
      num_moved += propagation.move(order[i]) ? 1 : 0;
    }
    if (num_moved * 1000 <= order.size()) break;
  }
}

Clusters cluster_nodes(const SymmetricRows& rows, int64_t cap, uint64_t seed, const Context& context) {
  const std::vector<uint32_t> order = few_edges_first(rows, seed);
  Clusters clusters;
  clusters.labels.resize(order.size());
  std::iota(clusters.labels.begin(), clusters.labels.end(), 0U);
  for (size_t i = 0; i < order.size() && degree(rows, order[i]) == 0; ++i)
    clusters.labels[order[i]] = order[i - i % static_cast<size_t>(cap)];
  propagate_labels(rows, order, cap, kClusterPasses, clusters.labels, context);
  const int64_t count = renumber(clusters.labels);
  const std::vector<int64_t> sizes = sizes_of(clusters.labels, count);
  clusters.sizes.assign(sizes.begin(), sizes.end());
  return clusters;
}

int64_t count_merged_entries(const SymmetricRows& rows, const Clusters& clusters) {
  const Groups members = group(clusters.labels, clusters.count());
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> seen_by(static_cast<size_t>(clusters.count()), kNone);
  int64_t count = 0;
  for (uint32_t cluster = 0; cluster < seen_by.size(); ++cluster) {
    seen_by[cluster] = cluster;  // an edge inside is no entry
    for (const uint32_t node : members.of(cluster)) {
      for (int64_t e = rows.offsets[node]; e < rows.offsets[int64_t{node} + 1]; ++e)
        count += std::exchange(seen_by[clusters.labels[rows.neighbors[e]]], cluster) == cluster ? 0 : 1;
    }
  }
  return count;
}

SymmetricRows merge_clusters(const SymmetricRows& rows, const Clusters& clusters, const Context& context) {
  ModularityGraph graph;  // masses count for modularity alone
  graph.offsets = rows.offsets;
  graph.neighbors = rows.neighbors;
  graph.weights = rows.weights;
  graph.x.assign(clusters.labels.size(), 0);
  ModularityGraph merged = aggregate(graph, clusters.labels, clusters.count(), context);
  return {.offsets = std::move(merged.offsets),
          .neighbors = std::move(merged.neighbors),
          .weights = std::move(merged.weights),
          .loops = {}};
}

}  // namespace whitney::graph
