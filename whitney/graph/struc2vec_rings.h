#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// Nodes of one degree in a ring.
struct RingDegree {
  uint32_t degree;
  uint32_t count;
};

/// The degrees of the nodes at exactly k edges from each node, ascending: struc2vec's s(R_k(u)).
class WHITNEY_API RingDegrees {
 public:
  /// k = 0..num_layers - 1, for each of `nodes`. Compressed: each degree once, with its count (the paper's
  /// first optimisation); else each node of a ring by itself, with count 1. The graph has no directions;
  /// self-loops do not count. O(nodes (n + nnz)) time.
  RingDegrees(const Graph& graph, std::span<const uint32_t> nodes, int64_t num_layers, bool compressed,
              const Context& context);

  /// Empty where no node is that far away. `place`: in the list of nodes.
  std::span<const RingDegree> ring(int64_t place, int64_t k) const {
    const auto at = static_cast<size_t>(place * num_layers_ + k);
    return std::span(degrees_).subspan(static_cast<size_t>(starts_[at]),
                                       static_cast<size_t>(starts_[at + 1] - starts_[at]));
  }

 private:
  int64_t num_layers_;
  std::vector<int64_t> starts_;
  std::vector<RingDegree> degrees_;
};

/// Degrees of all nodes, self-loops left out.
WHITNEY_API std::vector<uint32_t> degrees_without_loops(const Graph& graph);

/// The least cost of aligning two sequences of degrees, both not empty, by dynamic time warping: an element a
/// beside b costs (max(a, b) / min(a, b) - 1) times the larger of their counts. `scratch` is overwritten.
/// O(|a| |b|).
WHITNEY_API double ring_distance(std::span<const RingDegree> a, std::span<const RingDegree> b,
                                 std::vector<double>& scratch);

}  // namespace whitney::graph
