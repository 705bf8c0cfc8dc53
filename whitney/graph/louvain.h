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

/// Options of Louvain (Blondel, Guillaume, Lambiotte, Lefebvre 2008, arXiv 0803.0476).
struct LouvainOptions {
  double resolution = 1;
  NullModel null_model = NullModel::kAuto;
  double tolerance = 1e-7;
  bool shuffle = false;
  int iterations = 2;
  void fields(auto&& field) {
    field("resolution", resolution, Range{0, 1e9},
          "gamma: above 1 gives more and smaller communities. In units of the whole graph: the same value "
          "means other sizes elsewhere");
    field("null_model", null_model,
          "What edges are compared with; auto: directed for directed graphs, else undirected. bipartite "
          "(Barber): only pairs of a user and an item count, users are the first column");
    field("tolerance", tolerance, Range{0, 1},
          "A pass, or a level, that gains no more than this in modularity is the last. scikit-network stops "
          "at 1e-3");
    field("shuffle", shuffle,
          "Visit nodes in random order, another one for each seed, instead of by row, which is faster");
    field(
        "iterations", iterations, Range{1, 1000},
        "How often the whole is repeated from the communities found, so that nodes can leave what they were "
        "merged into; one that gains no more than tolerance is the last. 1: the paper");
  }
};

/// Finds communities by local moves and aggregation. Labels do not depend on threads; without shuffle nor on
/// the seed. O(nnz) for each pass; moves are made one by one, threads serve the aggregation.
WHITNEY_API Communities louvain_communities(const ModularityGraph& graph, const LouvainOptions& options,
                                            const Context& context);

/// Finds communities of a graph: a table with the column `community`, 0 the largest; the record tells
/// modularity, number, sizes. Throws Error when null_model is bipartite and the graph is not.
WHITNEY_API Table louvain(const Graph& graph, const LouvainOptions& options, const Context& context);

}  // namespace whitney::graph
