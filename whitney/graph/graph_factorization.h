#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of graph factorisation (Ahmed, Shervashidze, Narayanamurthy, Josifovski, Smola 2013).
struct GraphFactorizationOptions {
  int dim = 128;
  double learning_rate = 0.05;
  double penalty = 0.01;
  int num_sweeps = 60;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("learning_rate", learning_rate, Range{1e-9, 10}, "Step of stochastic gradient descent, eta");
    field("penalty", penalty, Range{0, 100},
          "Weight of the L2 penalty, lambda in the paper. Some code takes 1, under which all vectors shrink "
          "towards 0");
    field("num_sweeps", num_sweeps, Range{0, 100'000}, "Passes over all edges");
  }
};

/// Computes node vectors that minimise 1/2 sum_{(i,j) in E} (a_ij - x_i . x_j)^2 + lambda/2 sum_i |x_i|^2 by
/// stochastic gradient descent over the edges, from 0.1 N(0, 1): x_i += eta ((a_ij - x_i . x_j) x_j - lambda
/// x_i), and x_j likewise. Nodes are cut in 16 blocks; pairs of blocks that share none are worked on at once,
/// in rounds of fixed order: the same bytes for any number of threads. Result: n x dim float32, metric inner
/// product, decoder dot. Weights count; directions do not, with a note; self-loops are left out, and nodes
/// without other edges get zero vectors. O(num_sweeps m dim) time. Throws Error when the descent diverges.
WHITNEY_API Embeddings graph_factorization(const Graph& graph, const GraphFactorizationOptions& options,
                                           const Context& context);

/// Tells what graph_factorization will need.
WHITNEY_API CostEstimate estimate_graph_factorization(const DataSize& size,
                                                      const GraphFactorizationOptions& options,
                                                      const Context& context);

}  // namespace whitney::graph
