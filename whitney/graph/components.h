#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// The connected component of each node, numbered by their first nodes.
struct Components {
  std::vector<uint32_t> of_node;
  int64_t count = 0;
};

/// Finds the components of a graph without directions. O(n + nnz).
WHITNEY_API Components components_of(const Graph& graph);

}  // namespace whitney::graph
