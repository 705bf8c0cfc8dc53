#pragma once

#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/prone.h"

namespace whitney::graph {

/// The matrix of the first stage by its entries, in the order of the graph's targets, and the entries of its
/// transpose in the same order: where an undirected graph has an edge, both have an entry.
struct ProNEMatrix {
  Array<float> entries;
  Array<float> transposed;
};

/// F_ij = ln p_ij - ln lambda_j of the edges of an undirected graph.
ProNEMatrix prone_matrix(const Graph& graph, const std::vector<double>& degrees, const Context& context);

/// Coefficients of T_0 .. T_{order-1} in the expansion of the filter: I_0(theta), -2 I_1(theta), 2
/// I_2(theta),
/// ... of modified Bessel functions.
std::vector<double> prone_coefficients(int order, double theta);

/// Second stage: Z = (I + A)(E - sum_i c_i T_i(E)), in place of `vectors` (E, n x d).
void prone_propagate(const Graph& graph, const std::vector<double>& degrees, const ProNEOptions& options,
                     const Context& context, Matrix& vectors);

}  // namespace whitney::graph
