#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/search/hnsw_graph.h"

namespace whitney::search {

/// Chooses the links of layer 0 anew: every node walks from itself on the graph as it was before, chooses
/// among the `ef_construction` nearest that it meets and its present links, then among those that chose it,
/// too. The same bytes for any number of threads. With `complete`, nodes get as many links as fit
/// (complete_by_angle). Throws Cancelled.
void refine_links(HnswGraph& graph, int64_t ef_construction, bool complete, uint64_t seed,
                  const Context& context);

/// Fills up the links of some nodes on layer 0, ascending, from the links of their links and from `spare`,
/// former links of each (may be empty).
void refill_links(HnswGraph& graph, std::span<const uint32_t> nodes,
                  const std::vector<std::vector<uint32_t>>& spare, uint64_t seed, const Context& context);

}  // namespace whitney::search
