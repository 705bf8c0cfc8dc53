#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/graph/symmetric_rows.h"

/// Label propagation under a limit of sizes (Meyerhenke, Sanders, Schulz: Partitioning complex networks via
/// size-constrained clustering, SEA 2014, arXiv 1402.3281): makes a graph small before it is cut, and betters
/// a cut. One thread; the same bytes for the same seed.
namespace whitney::graph {

/// One after another, in `order`, each node takes the label that has most of its edges' weight, among those
/// with fewer than `cap` nodes. It leaves its own for a heavier one only; of equal ones it takes that of the
/// fewest nodes, then the lowest. Ends after `passes`, or when a pass has moved at most a thousandth of the
/// nodes. Labels below the number of nodes; labels above the cap only shrink. O(passes (n + nnz)).
WHITNEY_API void propagate_labels(const SymmetricRows& rows, std::span<const uint32_t> order, int64_t cap,
                                  int passes, std::vector<uint32_t>& labels, const Context& context);

/// Labels 0..count - 1 of nodes, each used, and how many nodes have each.
struct Clusters {
  std::vector<uint32_t> labels;
  std::vector<int32_t> sizes;
  int64_t count() const { return static_cast<int64_t>(sizes.size()); }
};

/// Makes clusters of at most `cap` nodes from single ones; nodes of few edges choose first, equal ones in
/// random order. Nodes without edges are put together, as many as fit.
WHITNEY_API Clusters cluster_nodes(const SymmetricRows& rows, int64_t cap, uint64_t seed,
                                   const Context& context);

/// The entries that the graph of the clusters has.
int64_t count_merged_entries(const SymmetricRows& rows, const Clusters& clusters);

/// The graph of the clusters: weights of edges are sums, edges inside are left out. Rows are in no order.
SymmetricRows merge_clusters(const SymmetricRows& rows, const Clusters& clusters, const Context& context);

}  // namespace whitney::graph
