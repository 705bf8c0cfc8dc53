#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/search/hnsw_graph.h"
#include "whitney/search/symphonyqg_codes.h"

namespace whitney::search {

/// Chooses the links of layer 0 anew: every node walks by the lanes on the graph as it was before (`codes`
/// are those of its links, `turned` the turned vectors of all nodes), chooses among all nodes visited and its
/// present links, then among those that chose it, too. The same bytes for any number of threads. With
/// `complete`, nodes get as many links as fit (complete_links). Throws Cancelled.
void refine_links(HnswGraph& graph, const NeighbourCodes& codes, const Matrix& turned,
                  int64_t ef_construction, bool complete, uint64_t seed, const Context& context);

/// Fills up the links of some nodes on layer 0, ascending, from the links of their links and from `spare`,
/// former links of each (may be empty).
void refill_links(HnswGraph& graph, std::span<const uint32_t> nodes,
                  const std::vector<std::vector<uint32_t>>& spare, uint64_t seed, const Context& context);

/// A candidate for the links of a node: its squared distance, and whether it is chosen.
struct LinkCandidate {
  uint32_t node = 0;
  float distance = 0;
  bool chosen = false;
};

/// Chooses more of `candidates` (ascending) until `wanted` are chosen or none is left: those whose angle,
/// seen from the base, to every nearer chosen one has a cosine of at most t, for the least t of 5 halvings of
/// [0.5, 1] that is enough; then the nearest of the rest. distances(i): those from candidate i to all,
/// squared.
void complete_by_angle(std::vector<LinkCandidate>& candidates, int64_t wanted,
                       const std::function<const float*(size_t)>& distances);

}  // namespace whitney::search
