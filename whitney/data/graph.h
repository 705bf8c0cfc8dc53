#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/ids.h"

namespace whitney {

/// A graph as CSR over nodes 0..n-1 with any ids: row u lists the targets of u, ascending. An undirected
/// graph stores each edge in both rows (a self-loop once). Repeated edges are merged: weights add up; without
/// weights they count once.
struct WHITNEY_API Graph {
  Ids ids;
  /// n + 1 starts.
  Array<int64_t> offsets;
  Array<uint32_t> targets;
  /// As long as `targets`, or empty: every edge weighs 1.
  Array<float> weights;
  bool directed = false;

  int64_t num_nodes() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  /// Stored entries (an undirected edge counts twice).
  int64_t nnz() const { return targets.size(); }
  /// Edges as a user counts them.
  int64_t num_edges() const;
  bool weighted() const { return !weights.empty(); }
  std::span<const uint32_t> neighbors(int64_t node) const {
    return targets.span().subspan(static_cast<size_t>(offsets[node]),
                                  static_cast<size_t>(offsets[node + 1] - offsets[node]));
  }
  std::span<const float> neighbor_weights(int64_t node) const {
    if (weights.empty()) return {};
    return weights.span().subspan(static_cast<size_t>(offsets[node]),
                                  static_cast<size_t>(offsets[node + 1] - offsets[node]));
  }
};

/// The row of each stored entry, in their order: with `targets`, the edges as arrays.
WHITNEY_API std::vector<uint32_t> sources_of(const Graph& graph);

/// Edges as arrays: what readers and Python hand over. `weights` may be empty.
struct EdgeArrays {
  std::span<const uint32_t> sources;
  std::span<const uint32_t> targets;
  std::span<const float> weights;
};

/// Builds the CSR of n = ids.size() nodes by counting sort, in parallel, same bytes at any thread count.
/// Throws Error for an end point >= n or a weight that is not finite and positive.
WHITNEY_API Graph build_graph(Ids ids, const EdgeArrays& edges, bool directed, const Context& context);

/// xxh3-128 over ids, structure and weights: the fingerprint of an input in a record.
WHITNEY_API std::string fingerprint(const Graph& graph);

}  // namespace whitney
