#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/part_graph.h"
#include "whitney/graph/partitioned.h"
#include "whitney/graph/row_file.h"

namespace whitney::graph {

/// Reads vectors by their rows, packed, in the order of `rows`.
using RowReader = std::function<Matrix(std::span<const uint32_t> rows)>;
/// Both read from what must outlive them.
RowReader reader_of(const RowFile& file);
WHITNEY_API RowReader reader_of(const Matrix& matrix);

/// The vectors of some nodes to which those of parts are taken.
struct Frame {
  /// Their rows in the whole graph, ascending.
  std::vector<uint32_t> rows;
  /// Vector i is that of rows[i].
  RowReader read;
  FrameMap map = FrameMap::kLeastSquares;
};

/// The rows of a part's own nodes, in the order of `rows_of_core`, taken to the frame by what its anchors
/// tell (nodes and halo that stand in the frame); as they are where there is no anchor. Procrustes: turned by
/// the orthogonal matrix that takes the anchors nearest to the frame's vectors; products of rows within the
/// part do not change. Least squares: by ridge_map of the anchors' directions to the frame's, and of norm 1.
/// Parts that are embedded alone spend all dimensions on themselves, where a whole graph's share them; what
/// the frame has no dimension for falls away, or it would lie in what is another part's.
/// `vectors` are given away, so that they need not be in memory to the end.
WHITNEY_API Matrix align_part(const PartGraph& part, Matrix vectors, const Frame& frame,
                              const Context& context);

/// The rows in the whole graph of a part's own nodes.
WHITNEY_API std::vector<uint32_t> rows_of_core(const PartGraph& part);

/// These rows and those of their neighbours, ascending.
std::vector<uint32_t> rows_near(const Graph& graph, std::span<const uint32_t> rows);

/// Rows that are smoothed at a time, and vectors of neighbours that are read at a time for them: what is in
/// memory.
inline constexpr int64_t kSmoothedRows = 1 << 12, kSmoothedNeighbors = 1 << 15;

/// One pass of smoothing for some rows: X'(v) = rownorm(X(v) / 2 + mean over v's neighbours by weight / 2). A
/// node without neighbours keeps its direction, a zero row stays zero. Vectors of neighbours are read at most
/// `most_neighbors` at a time, so that one with very many does not bring in all; their number changes no
/// byte.
Matrix smooth_rows(const Graph& graph, std::span<const uint32_t> rows, const RowReader& read,
                   const Context& context, int64_t most_neighbors = kSmoothedNeighbors);

/// The same for all own nodes of a `neighborhood`, whose vectors are those of its nodes; in their order.
WHITNEY_API Matrix smooth_part(const PartGraph& neighborhood, const Matrix& vectors, const Context& context);

}  // namespace whitney::graph
