#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/linalg/linear_map.h"

namespace whitney::graph {

/// The powers A^k of the transition matrix A = D^-1 S of an undirected graph, one after the other, as the
/// symmetric n x n matrix Y = A^k D^-1 in float32. Keeps references to what it is given.
class WHITNEY_API TransitionPowers {
 public:
  /// Begins with k = 0. `degrees`: of the graph's nodes.
  TransitionPowers(const Graph& graph, const std::vector<double>& degrees, const Context& context);

  /// Goes on to k + 1: O(n nnz), in place, some columns at a time.
  void step();

  /// GraRep's matrix X_ij = log max(A^k_ij / (beta Gamma_j), 1), Gamma_j = sum_p A^k_pj, beta = negatives /
  /// n: n x n. The degree of j is in both A^k_ij and Gamma_j, so that rows of Y and their sums do.
  Matrix logarithms(double negatives) const;

 private:
  const Graph& graph_;
  const Context& context_;
  std::vector<float> inverse_degrees_;
  Matrix powers_;
};

/// Products with a dense matrix and its transpose. Keeps references.
WHITNEY_API LinearMap dense_map(const Context& context, const Matrix& matrix);

}  // namespace whitney::graph
