#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of GraRep (Cao, Lu, Xu 2015).
struct GraRepOptions {
  int dim = 128;
  int num_steps = 4;
  double negatives = 1;
  int num_iterations = 5;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector: dim / num_steps values of each step");
    field("num_steps", num_steps, Range{1, 100},
          "Lengths of walks that are told apart, 1 to K (kstep in others' code); divides dim");
    field("negatives", negatives, Range{1e-3, 1e6},
          "Negative samples of the skip-gram that a step's matrix equals, lambda: entries are above log of "
          "lambda / n");
    field("num_iterations", num_iterations, Range{0, 100},
          "Rounds of the randomised singular value decomposition");
  }
};

/// Computes for each k = 1..K the vectors U Sigma^1/2 of X^k_ij = max(log(A^k_ij / Gamma_j) - log(lambda /
/// n), 0), where A = D^-1 S are the odds of a random walk's step and Gamma_j = sum_p A^k_pj, and puts them
/// side by side. Result: n x dim float32, metric cosine. Weights count; directions do not, with a note. Nodes
/// without edges get zero vectors, with a note. Throws UsageError where num_steps does not divide dim, Error
/// for a graph without nodes. O(K (n nnz + n^2 num_iterations dim / K)) time; memory: two n x n float32
/// matrices.
WHITNEY_API Embeddings grarep(const Graph& graph, const GraRepOptions& options, const Context& context);

/// Tells what grarep will need.
WHITNEY_API CostEstimate estimate_grarep(const DataSize& size, const GraRepOptions& options,
                                         const Context& context);

}  // namespace whitney::graph
