#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/modularity.h"

namespace whitney::graph {

/// How a refinement merges.
struct RefineRule {
  double resolution = 1;
  /// theta, in units of the weight of an edge; 0: always the best merge.
  double theta = 0.01;
};

/// Leiden's refinement (Traag et al. 2019, algorithm A.2, RefinePartition): within each community, from
/// single nodes, merges a node that is still alone and well connected to its community into a part that is,
/// drawn with probability ~ exp(gain / theta) among those that lose nothing. Gives labels below the number of
/// nodes; each part is connected and inside one community.
std::vector<uint32_t> refine(const ModularityGraph& graph, std::span<const uint32_t> communities,
                             const RefineRule& rule, RandomStream& random);

/// Gives the connected components within communities, labels below the number of nodes.
std::vector<uint32_t> components_within(const ModularityGraph& graph, std::span<const uint32_t> communities);

}  // namespace whitney::graph
