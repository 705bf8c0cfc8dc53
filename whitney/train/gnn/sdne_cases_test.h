#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

#include "whitney/data/graph.h"
#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::gnn {

/// Directed and weighted, with an edge to itself; node 5 has no edges.
inline Graph small_graph() {
  return graph::graph_of(6, {{0, 1}, {1, 2}, {2, 0}, {2, 3}, {3, 3}, {4, 0}}, {1, 2, 0.5, 4, 1, 3}, true);
}

inline std::vector<int64_t> all_nodes(const Graph& graph) {
  std::vector<int64_t> nodes(static_cast<size_t>(graph.num_nodes()));
  std::iota(nodes.begin(), nodes.end(), int64_t{0});
  return nodes;
}

}  // namespace whitney::gnn
