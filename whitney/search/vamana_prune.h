#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/search/hnsw_scratch.h"

namespace whitney::search {

/// What prune_robustly keeps of its candidates.
struct PruneScratch {
  /// The greatest d(p, c)^2 / d(r, c)^2 over the chosen r that were compared with c, and how many these are.
  std::vector<float> occlusion;
  std::vector<uint32_t> compared;
  std::vector<uint8_t> is_chosen;
};

/// RobustPrune of Vamana for a node p: chooses among `candidates` (keys of a NodePool by their distance to p,
/// ascending) at most `most`. The nearest come first; c is passed over when a chosen r has
/// alpha d(r, c) < d(p, c), of distances, not of their squares. A round with an alpha of 1 precedes that with
/// the one given: it takes links of many directions before those that only the greater alpha lets in. Returns
/// how many nodes it wrote to `out`, in the order in which they were chosen. `buffer`: room for `most` times
/// node_query_bytes.
int64_t prune_robustly(const GraphView& graph, std::span<const uint64_t> candidates, int64_t most,
                       double alpha, int8_t* buffer, PruneScratch& scratch, uint32_t* out,
                       WalkCounters& counters);

}  // namespace whitney::search
