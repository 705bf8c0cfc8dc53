#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of Cleora (Rychalska, Babel, Goluchowski, Michalowski, Dabrowski 2021, arXiv 2102.02302).
struct CleoraOptions {
  int dim = 128;
  int num_iterations = 4;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("num_iterations", num_iterations, Range{1, 1000},
          "Steps: few keep neighbours together, many (beyond 7) make all vectors alike");
  }
};

/// Computes node vectors by repeated averaging: rows start as hashes of the ids, uniform in [-1, 1), and each
/// step replaces them by the weighted means of their neighbours' rows, scaled to norm 1: X <- rownorm(D^-1 A
/// X). Result: n x dim float32, metric cosine. Weights of edges count, and edges are followed in their
/// direction; nodes from which no edge leads get zero vectors. O(num_iterations nnz dim) time; memory: two n
/// x dim matrices.
WHITNEY_API Embeddings cleora(const Graph& graph, const CleoraOptions& options, const Context& context);

/// Tells what cleora will need.
WHITNEY_API CostEstimate estimate_cleora(const DataSize& size, const CleoraOptions& options,
                                         const Context& context);

}  // namespace whitney::graph
