#pragma once

#include <cstdint>

#include "whitney/search/hnsw_scratch.h"

namespace whitney::search {

/// Beam search on layer 0: fills scratch.pool (reset to the wanted ef by the caller) from `entry`, as
/// search_layer does, node by node the same, and faster: without branches that cannot be guessed, and with
/// what the next hop reads on its way.
void walk_layer0(const GraphView& graph, const CodeQuery& query, uint32_t entry, WalkScratch& scratch);

}  // namespace whitney::search
