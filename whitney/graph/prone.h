#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of ProNE (Zhang, Dong, Wang, Tang, Ding 2019).
struct ProNEOptions {
  int dim = 128;
  int order = 10;
  double mu = 0.2;
  double theta = 0.5;
  int num_iterations = 5;

  void fields(auto&& field) {
    field("dim", dim, Range{1, 65536}, "Width d of a vector");
    field("order", order, Range{1, 100},
          "Terms of the Chebyshev expansion of the filter (step in the authors' code); 1: no propagation, "
          "only the factorisation of the first stage");
    field("mu", mu, Range{-100, 100},
          "Where on the spectrum the filter lies. Worth tuning around 0: dense graphs of words liked -4");
    field("theta", theta, Range{0, 100}, "How narrow the filter is");
    field("num_iterations", num_iterations, Range{0, 100},
          "Rounds of the randomised singular value decomposition");
  }
  /// Sentences about what has no effect in this combination.
  WHITNEY_API std::vector<std::string> ineffective() const;
};

/// Computes node vectors by factorising the sparse matrix ln p_ij - ln lambda_j (p = D^-1 A, lambda_j: the
/// share of (sum_i p_ij)^0.75) to U Sigma^1/2, and passing them through a band filter of the graph's
/// spectrum: Z = (I + A)(E - sum_i c_i T_i(E)) by Chebyshev polynomials of the Laplacian, whose U Sigma^1/2
/// has rows of norm 1 again. Result: n x dim float32, metric cosine, decoder dot. Weights count; directions
/// do not, with a note. Nodes without edges get zero vectors. O(nnz dim (2 order + 2 num_iterations) + n
/// dim^2) time; memory: five n x dim matrices.
WHITNEY_API Embeddings prone(const Graph& graph, const ProNEOptions& options, const Context& context);

/// Tells what prone will need.
WHITNEY_API CostEstimate estimate_prone(const DataSize& size, const ProNEOptions& options,
                                        const Context& context);

}  // namespace whitney::graph
