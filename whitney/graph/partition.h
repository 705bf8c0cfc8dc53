#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/core/value.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {

/// How many parts, and how even.
struct PartSizes {
  int parts = 4;
  double max_imbalance = 0.05;
  /// The most nodes of a part: ceil((1 + max_imbalance) n / parts), so that all have room; n at most.
  WHITNEY_API int64_t cap(int64_t num_nodes) const;
  /// Throws Error when there are more parts than nodes.
  WHITNEY_API void check(int64_t num_nodes) const;
};

/// What a partition cuts, and how even it is.
struct PartitionQuality {
  int64_t num_edges = 0;
  int64_t cut_edges = 0;
  /// Nodes with an edge into another part.
  int64_t border_nodes = 0;
  int64_t largest = 0;
  int64_t smallest = 0;
  /// The largest part beside the mean.
  double balance = 0;

  double cut_ratio() const {
    return num_edges == 0 ? 0 : static_cast<double>(cut_edges) / static_cast<double>(num_edges);
  }
};

/// Marks the ends of edges between parts, whatever their direction: the border.
WHITNEY_API std::vector<uint8_t> border_of(const Graph& graph, std::span<const uint32_t> part_of);

WHITNEY_API PartitionQuality measure_partition(const Graph& graph, std::span<const uint32_t> part_of,
                                               int parts);
/// cut_ratio, cut_edges, border_nodes, largest, smallest, balance.
WHITNEY_API Value describe(const PartitionQuality& quality);

/// Makes the table of a graph's nodes with the column `part`, whose record tells the quality.
Table partition_table(const Graph& graph, std::span<const uint32_t> part_of, int parts);

/// The rows that partitioners look at: edges in both directions, which a note says of a directed graph.
SymmetricRows partition_rows(const Graph& graph, const Context& context);

/// Moves nodes out of parts with more than `cap` nodes, those that lose least first (equal losses: the lower
/// row), into the part with room that holds most of their edges (equal ones:
/// the smaller part).
void hold_cap(const SymmetricRows& rows, std::vector<uint32_t>& part_of, int parts, int64_t cap);

/// The peak of a partitioner that takes `working` bytes beside the graph and its symmetric rows.
int64_t partition_bytes(const DataSize& size, int64_t working);

}  // namespace whitney::graph
