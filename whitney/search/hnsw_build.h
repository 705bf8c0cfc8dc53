#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/search/hnsw_graph.h"

namespace whitney::search {

/// Draws the layer up to which a node stands: floor(-ln U / ln M), so that a share M^-l reaches layer l. A
/// function of the seed and the node only.
uint8_t draw_level(uint64_t seed, uint32_t node, int64_t m);

/// Links nodes whose codes are written and whose lists are empty, in the given order, and makes every node of
/// layer 0 reachable. The same bytes for any number of threads: nodes go in batches that double up to a 50th
/// of the graph; those of a batch search the graph as it was before and see one another by comparing all
/// pairs; then links back are added in the order of the batch. Throws Cancelled.
void link_nodes(HnswGraph& graph, std::span<const uint32_t> order, int64_t ef_construction,
                const Context& context);

/// Takes nodes out (dead[node] != 0). A node that was linked to one of them chooses anew among its live links
/// and the live links of the lost ones (FreshDiskANN, arXiv 2105.09613). The nodes that stay keep their order
/// and get new numbers: the result, kNoNode for those gone.
std::vector<uint32_t> remove_nodes(HnswGraph& graph, std::span<const uint8_t> dead, int64_t ef_construction,
                                   const Context& context);

/// Adds links, as few as it takes, so that a walk from the entry meets every node of layer 0: the choice of
/// neighbours alone does not promise it.
void connect_layer0(HnswGraph& graph, int64_t ef, const Context& context);

}  // namespace whitney::search
