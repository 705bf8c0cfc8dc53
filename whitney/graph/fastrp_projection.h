#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/random_projection.h"
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

/// Tells whether so few entries of R are not 0 that the first product reads them one by one. Depends on the
/// options and the number of nodes only.
bool has_sparse_projection(const FastRPOptions& options, int64_t num_nodes);

/// L R of the very sparse law, kept by its entries that are not 0: U_1 then costs an addition for each of
/// them that an edge leads to, where dense rows would be read from memory.
class SparseProjection {
 public:
  SparseProjection(const Graph& graph, const FastRPWalk& walk, const FastRPOptions& options,
                   const Context& context);
  /// Writes U_1 = walk * L R, n x dim.
  void multiply(const FastRPWalk& walk, const Context& context, float* out) const;

 private:
  struct Block {
    std::vector<uint32_t> ends;  // of each row's entries
    std::vector<RandomProjection::Entry> entries;
  };
  std::span<const RandomProjection::Entry> row(int64_t node) const;

  int64_t dim_;
  std::vector<Block> blocks_;
};

}  // namespace whitney::graph
