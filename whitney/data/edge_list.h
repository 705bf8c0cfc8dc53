#pragma once

#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/data/id_table.h"
#include "whitney/data/input_stream.h"
#include "whitney/data/readers.h"

namespace whitney::data {

/// The edges of a list in its order, and the ids of their ends in order of first appearance.
struct EdgeList {
  Ids ids;
  Array<uint32_t> sources;
  Array<uint32_t> targets;
  /// Empty: every edge weighs 1.
  Array<float> weights;
};

/// Parses an edge list (see read_edge_list in readers.h for the format). The same result at any thread count:
/// the text is cut in blocks by bytes; every block looks its ids up in the table of the blocks before and
/// lists those that are not in it yet; these get their numbers afterwards, block by block in the order of the
/// text.
EdgeList parse_edge_list(InputStream& input, const EdgeListOptions& options, const Context& context);

}  // namespace whitney::data
