#pragma once

#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/fastrp.h"
#include "whitney/linalg/sparse.h"

namespace whitney::graph {

/// The graph as a linear map, with the degrees that scale it.
struct FastRPWalk {
  SparseView matrix;
  /// 1 / degree (0 where it is 0); empty for the adjacency matrix.
  std::vector<float> row_scale;
  /// degree^beta; 1 where the degree is 0, as in Neo4j GDS: beta < 0 would make it infinite.
  std::vector<float> projection_scale;
};

/// Prepares the products with the graph, which must outlive the result.
FastRPWalk make_walk(const Graph& graph, const FastRPOptions& options, const Context& context);

/// U_0 = L R, n x dim float32; the last columns are projected node features where there are any.
Matrix make_projection(const Graph& graph, const FastRPWalk& walk, const Matrix& features,
                       const FastRPOptions& options, const Context& context);

}  // namespace whitney::graph
