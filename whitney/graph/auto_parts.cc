#include "whitney/graph/auto_parts.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>

#include "whitney/graph/fennel.h"
#include "whitney/graph/metis.h"
#include "whitney/graph/size_constrained_clusters.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {
namespace {

// Clusters have at most this share of a part's nodes, so that METIS can make parts even (f of the paper).
constexpr int64_t kClustersOfAPart = 14;
constexpr int64_t kLeastReduction = 3;
constexpr int kRefiningPasses = 10;

double cut_weight(const SymmetricRows& rows, std::span<const uint32_t> part_of) {
  double weight = 0;
  for (size_t v = 0; v < part_of.size(); ++v) {
    const auto row = static_cast<int64_t>(v);
    for (int64_t e = rows.offsets[row]; e < rows.offsets[row + 1]; ++e) {
      if (part_of[rows.neighbors[e]] != part_of[v]) weight += rows.weights.empty() ? 1 : rows.weights[e];
    }
  }
  return weight;
}

std::optional<std::vector<uint32_t>> parts_of_clusters(const SymmetricRows& rows, const PartSizes& sizes,
                                                       const MetisOptions& options, const Context& context) {
  const int64_t n = rows.offsets.size() - 1, cap = sizes.cap(n);
  if (n > most_for_metis()) return std::nullopt;  // it adds up the nodes of clusters
  // By a part's share, not by its cap, which may be all nodes: parts are to have clusters of their own.
  const int64_t of_a_cluster = std::max<int64_t>(1, n / sizes.parts / kClustersOfAPart);
  const Clusters clusters = cluster_nodes(rows, of_a_cluster, context.seed, context);
  const int64_t most = std::min(rows.neighbors.size() / kLeastReduction, most_for_metis());
  if (count_merged_entries(rows, clusters) > most) return std::nullopt;
  const std::vector<uint32_t> part_of_cluster =
      metis_cut(merge_clusters(rows, clusters, context), clusters.sizes, options, context.seed);
  std::vector<uint32_t> part_of(static_cast<size_t>(n));
  std::ranges::transform(clusters.labels, part_of.begin(),
                         [&](uint32_t cluster) { return part_of_cluster[cluster]; });
  hold_cap(rows, part_of, sizes.parts, cap);
  std::vector<uint32_t> order(part_of.size());
  std::iota(order.begin(), order.end(), 0U);
  propagate_labels(rows, order, cap, kRefiningPasses, part_of, context);
  return part_of;
}

}  // namespace

std::vector<uint32_t> auto_parts(const Graph& graph, const PartSizes& sizes, const Context& context,
                                 int64_t small_entries) {
  sizes.check(graph.num_nodes());
  const SymmetricRows rows = partition_rows(graph, context);
  const MetisOptions options{.parts = sizes.parts, .max_imbalance = sizes.max_imbalance};
  std::optional<std::vector<uint32_t>> by_metis = rows.neighbors.size() <= small_entries
                                                      ? metis_parts(rows, options, context.seed)
                                                      : parts_of_clusters(rows, sizes, options, context);
  std::vector<uint32_t> by_fennel =
      fennel_parts(rows, {.parts = sizes.parts, .max_imbalance = sizes.max_imbalance}, context);
  if (by_metis && cut_weight(rows, *by_metis) <= cut_weight(rows, by_fennel)) return *std::move(by_metis);
  return by_fennel;
}

int64_t auto_parts_bytes(const DataSize& size) {
  const int64_t entries = symmetric_entries(size);
  constexpr int64_t kOfAnEntry = 52;  // as estimate_metis
  // Labels, their order, sizes and weights; then the graph of clusters as it is made and as METIS has it.
  return entries <= kSmallForMetis ? entries * kOfAnEntry + size.num_rows * 100
                                   : size.num_rows * 40 + entries / kLeastReduction * (12 + kOfAnEntry);
}

}  // namespace whitney::graph
