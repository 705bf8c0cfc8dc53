#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// The adjacency matrix S + S^T of a directed graph, or S of an undirected one, its diagonal apart.
struct SymmetricRows {
  /// n + 1 starts.
  Array<int64_t> offsets;
  /// Ascending in each row, without the row's own node.
  Array<uint32_t> neighbors;
  /// As long as `neighbors`, or empty: every entry is 1.
  Array<double> weights;
  /// n weights of self-loops, or empty: there is none.
  std::vector<double> loops;
};

/// Makes symmetric rows; those of an undirected graph without weights and loops share its memory. O(n + nnz).
SymmetricRows symmetric_rows(const Graph& graph, const Context& context);

/// Entries of the symmetric rows of a graph of this size, where no edge stands in both directions.
int64_t symmetric_entries(const DataSize& size);
/// What symmetric rows take beside the graph: as they stand, and more while they are made.
int64_t symmetric_bytes(const DataSize& size);
int64_t symmetrizing_bytes(const DataSize& size);

}  // namespace whitney::graph
