#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of the local degree profile (Cai & Wang 2018, arXiv 1811.03508).
struct DegreeProfileOptions {
  int rounds = 1;
  bool weighted = false;
  bool log = false;

  void fields(auto&& field) {
    field("rounds", rounds, Range{0, 5},
          "Times that each feature so far is followed by its minimum, maximum, mean and deviation over the "
          "neighbours: 5^rounds features. 1: the paper's profile; 0: the degree alone");
    field("weighted", weighted, "A degree is the sum of a node's weights, not the number of its neighbours");
    field("log", log, "Replace each feature x by log(1 + x): hubs count less in distances");
  }
};

/// Describes each node by its degree and the minimum, maximum, mean and population deviation of its
/// neighbours' degrees, and so on for each round. Result: n x 5^rounds float32, metric l2; nodes without
/// neighbours have zeros. Self-loops are left out; of directed graphs, out-neighbours are looked at, and a
/// note says so. The vectors of nodes of different graphs can be compared. O(nnz 5^rounds) time.
WHITNEY_API Embeddings degree_profile(const Graph& graph, const DegreeProfileOptions& options,
                                      const Context& context);

/// Tells what degree_profile will need.
WHITNEY_API CostEstimate estimate_degree_profile(const DataSize& size, const DegreeProfileOptions& options,
                                                 const Context& context);

}  // namespace whitney::graph
