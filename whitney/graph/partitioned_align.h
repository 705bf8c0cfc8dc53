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
#include "whitney/graph/row_file.h"

namespace whitney::graph {

/// Reads vectors by their rows, packed, in the order of `rows`.
using RowReader = std::function<Matrix(std::span<const uint32_t> rows)>;
/// Both read from what must outlive them.
RowReader reader_of(const RowFile& file);
WHITNEY_API RowReader reader_of(const Matrix& matrix);

/// The vectors of border nodes to which parts are turned.
struct Frame {
  /// Their rows in the whole graph, ascending.
  std::vector<uint32_t> rows;
  /// Vector i is that of rows[i].
  RowReader read;
};

/// The rows of a part's own nodes, in the order of `rows_of_core`, turned by the orthogonal matrix that takes
/// its anchors (nodes and halo that stand in the frame) nearest to the frame's vectors; as they are where
/// there is no anchor. Products of rows within the part do not change.
WHITNEY_API Matrix align_part(const PartGraph& part, const Matrix& vectors, const Frame& frame,
                              const Context& context);

/// The rows in the whole graph of a part's own nodes.
WHITNEY_API std::vector<uint32_t> rows_of_core(const PartGraph& part);

/// These rows and those of their neighbours, ascending.
std::vector<uint32_t> rows_near(const Graph& graph, std::span<const uint32_t> rows);

/// One pass of smoothing for some rows: X'(v) = rownorm(X(v) / 2 + mean over v's neighbours by weight / 2). A
/// node without neighbours keeps its direction, a zero row stays zero.
Matrix smooth_rows(const Graph& graph, std::span<const uint32_t> rows, const RowReader& read,
                   const Context& context);

/// The same for all own nodes of a `neighborhood`, whose vectors are those of its nodes; in their order.
WHITNEY_API Matrix smooth_part(const PartGraph& neighborhood, const Matrix& vectors, const Context& context);

}  // namespace whitney::graph
