#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/communities.h"
#include "whitney/graph/modularity.h"

namespace whitney::graph {

/// Options of Leiden (Traag, Waltman, van Eck 2019, arXiv 1810.08473).
struct LeidenOptions {
  double resolution = 1;
  NullModel null_model = NullModel::kAuto;
  int iterations = 2;
  double theta = 0.01;
  void fields(auto&& field) {
    field("resolution", resolution, Range{0, 1e9}, "gamma: above 1 gives more and smaller communities");
    field("null_model", null_model,
          "What edges are compared with; auto: directed for directed graphs, else undirected. bipartite "
          "(Barber): only pairs of a user and an item count, users are the first column");
    field("iterations", iterations, Range{1, 1000},
          "How often the whole is repeated from the communities found; one that changes nothing is the last "
          "(n_iterations of leidenalg)");
    field("theta", theta, Range{0, 1e6},
          "Randomness of the refinement, in weights of an edge: a merge is drawn with probability ~ "
          "exp(gain / theta). 0: always the best one");
  }
};

/// Finds communities by fast local moves, refinement and aggregation of the refined parts. Each community is
/// connected. The same labels for the same seed at any number of threads.
WHITNEY_API Communities leiden_communities(const ModularityGraph& graph, const LeidenOptions& options,
                                           const Context& context);

/// Finds communities of a graph: a table with the column `community`, 0 the largest; the record tells
/// modularity, number, sizes. Throws Error when null_model is bipartite and the graph is not.
WHITNEY_API Table leiden(const Graph& graph, const LeidenOptions& options, const Context& context);

}  // namespace whitney::graph
