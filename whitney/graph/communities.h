#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/modularity.h"

namespace whitney::graph {

/// Communities of nodes: the largest is number 0, equal ones in the order of their first rows.
struct Communities {
  std::vector<uint32_t> labels;
  int64_t num_communities = 0;
  /// Q at the resolution asked for.
  double modularity = 0;
  /// How often nodes were moved and communities made one node.
  int num_levels = 0;
};

/// Orders labels (below the number of nodes) by size and computes Q.
Communities make_communities(const ModularityGraph& graph, std::vector<uint32_t> labels, double resolution,
                             int num_levels, const Context& context);

/// Makes the table of a graph's nodes with the column `community`, whose record tells modularity, number and
/// sizes. Notes how many nodes have no edge.
Table community_table(const Graph& graph, const Communities& communities, const Context& context);

/// What the first aggregated graph takes: its share of the graph's entries, and bytes of a node while it is
/// made.
struct LevelCost {
  double share = 0;
  int64_t of_a_node = 0;
};

/// The share of louvain's first level, by the mean degree: its first communities have about as many nodes as
/// a node has neighbours, and so hold most edges of dense graphs inside, and few of sparse ones.
double first_level_share(const DataSize& size);

/// Tells what louvain and leiden need: the symmetric rows where they must be made, sums per node, and the
/// first aggregated graph.
CostEstimate estimate_communities(const DataSize& size, double passes, const LevelCost& level);

}  // namespace whitney::graph
