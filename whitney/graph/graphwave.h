#pragma once

#include <optional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/registry.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"

namespace whitney::graph {

/// Options of GraphWave (Donnat, Zitnik, Hallac & Leskovec 2018, arXiv 1710.10321).
struct GraphWaveOptions {
  std::vector<double> scales;
  int num_points = 25;
  double max_time = 100;
  std::optional<int> order;

  void fields(auto&& field) {
    field("scales", scales, Range{1e-6, 500},
          "Times s that heat spreads from a node. Empty: the two ends of the authors' rule, "
          "-log(eta) sqrt(n / 2) for eta .95 and .85");
    field("num_points", num_points, Range{1, 4096},
          "Points t at which a characteristic function is read: 2 numbers each, for each scale");
    field("max_time", max_time, Range{1e-3, 1e6}, "The last of these points; they are evenly spaced from 0");
    field("order", order, Range{1, 2000},
          "Terms of the Chebyshev series of the heat kernel (the authors' code: 30). Absent: as many as "
          "leave out less than 1e-6");
  }
};

/// Describes each node v by how heat spreads from it: with the heat kernel Psi = exp(-s L) of the normalised
/// Laplacian L = I - D^-1/2 A D^-1/2, the characteristic function phi_v(t) = 1/n sum_m exp(i t Psi_mv) at
/// evenly spaced t. Nodes of equal surroundings get equal vectors, wherever they are. Result: n x 2 |scales|
/// num_points float32 (for each scale: real and imaginary part of each point), metric l2. Isolated nodes keep
/// their heat. Directed edges count both ways, which a note tells. Throws Error for an empty graph. The same
/// bytes for any number of threads. O(order nnz n + |scales| num_points n^2) time.
WHITNEY_API Embeddings graphwave(const Graph& graph, const GraphWaveOptions& options, const Context& context);

/// Tells what graphwave will need.
WHITNEY_API CostEstimate estimate_graphwave(const DataSize& size, const GraphWaveOptions& options,
                                            const Context& context);

/// Coefficients b_k of exp(-s (I - N)) = sum_k b_k T_k(N), |N| <= 1: exp(-s) I_k(s), twice for k > 0 (I_k:
/// the modified Bessel functions). `order` terms beyond the first, or as many as leave out less than 1e-6 in
/// sum.
WHITNEY_API std::vector<double> heat_series(double scale, std::optional<int> order);

}  // namespace whitney::graph
