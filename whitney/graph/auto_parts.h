#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {

/// Up to so many entries METIS takes a graph as it is, in some 50 bytes for each.
inline constexpr int64_t kSmallForMetis = int64_t{1} << 20;

/// Cuts a graph by fennel and by METIS, and keeps the parts whose cut edges weigh less. Of a graph of more
/// than `small_entries` METIS is given clusters of nodes (size_constrained_clusters.h), where these leave at
/// most a third of the entries, and what it finds is bettered node by node; a graph without such clusters is
/// fennel's alone, for METIS would take more memory than the vectors of parts, and cut more. Throws Error
/// when there are more parts than nodes.
WHITNEY_API std::vector<uint32_t> auto_parts(const Graph& graph, const PartSizes& sizes,
                                             const Context& context, int64_t small_entries = kSmallForMetis);

/// What this takes beside the graph and its symmetric rows, at most.
int64_t auto_parts_bytes(const DataSize& size);

}  // namespace whitney::graph
