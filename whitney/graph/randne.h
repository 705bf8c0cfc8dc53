#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/graph/fastrp.h"

namespace whitney::graph {

/// Options of RandNE (Zhang, Cui, Li, Wang, Zhu 2018, arXiv 1805.02396).
struct RandNEOptions {
  int dim = 128;
  std::vector<double> weights = {1, 100, 10'000, 100'000};
  FastRPInput input = FastRPInput::kTransition;
  bool orthogonal = true;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("weights", weights, Range{-1e9, 1e9},
          "Weights a_0, a_1, ... of the powers, the random matrix itself first. Default: our choice "
          "for labels; 1,0.1,0.01,0.001 with input adjacency rebuilds edges");
    field("input", input, "Matrix whose powers are projected: D^-1 A, or the adjacency matrix A itself");
    field("orthogonal", orthogonal, "Make the columns of the Gaussian matrix orthonormal, as in the paper");
  }
};

/// Computes node vectors by iterative random projection: U_0 = the orthonormalised Gaussian matrix R, U_i = A
/// U_{i-1}, X = sum_i a_i U_i. Result: n x dim float32, metric cosine. Weights of edges count, and edges are
/// followed in their direction. Throws Error when no weight is given or the sum leaves the range of float32.
/// O(k nnz dim + n dim^2) time; memory: three n x dim matrices.
WHITNEY_API Embeddings randne(const Graph& graph, const RandNEOptions& options, const Context& context);

/// Tells what randne will need.
WHITNEY_API CostEstimate estimate_randne(const DataSize& size, const RandNEOptions& options,
                                         const Context& context);

}  // namespace whitney::graph
