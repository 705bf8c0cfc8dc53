#pragma once

#include <cstdint>

#include "whitney/search/hnsw_scratch.h"
#include "whitney/search/symphonyqg_codes.h"

namespace whitney::search {

/// The rows of NeighbourCodes as the walk sees them.
struct LaneView {
  const uint8_t* rows = nullptr;
  int64_t stride = 0, block_bytes = 0, padded_dim = 0, num_blocks = 0;

  LaneView() = default;
  explicit LaneView(const NeighbourCodes& codes)
      : rows(codes.rows().data()),
        stride(codes.stride()),
        block_bytes(codes.block_bytes()),
        padded_dim(codes.padded_dim()),
        num_blocks(codes.degree() / kLanes) {}
  const uint8_t* row(uint32_t node) const { return rows + static_cast<int64_t>(node) * stride; }
};

/// Walks layer 0 from `start`: visits the nearest node by the estimates so far, measures it, and has its
/// lanes estimate all its neighbours at once, until the `ef` nearest of `beam` (reset to ef or more) are
/// visited. The others of the beam are then measured only: scratch.pool (reset by the caller) gets all by
/// their distances. Where scratch.deadline ends the walk, sets scratch.is_stopped; the pool then has what was
/// visited. Chooses its SIMD level once.
void walk_lanes(const GraphView& graph, const LaneView& lanes, const CodeQuery& query,
                const LaneQuery& lane_query, uint32_t start, int64_t ef, NodePool& beam,
                WalkScratch& scratch);

/// Writes the estimated squared distances, in code space, of a query to the neighbours of a node, `degree` of
/// them. distance: of the query to the node itself.
void estimate_neighbours(const LaneView& lanes, const LaneQuery& lane_query, uint32_t node, float distance,
                         float* out);

}  // namespace whitney::search
