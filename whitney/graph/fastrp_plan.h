#pragma once

#include <cstdint>
#include <vector>

#include "whitney/graph/fastrp.h"

namespace whitney::graph {

/// The options after the two names of a thing became one and unused powers were dropped.
struct FastRPPlan {
  int64_t dim = 0;
  /// Weights of powers 0..k; [0] is the node's own random row.
  std::vector<double> weights;
  bool normalize_rows = true;
  bool concatenate = false;
  bool standardize = true;

  int64_t num_powers() const { return std::ssize(weights) - 1; }
  bool wants(int64_t power) const { return weights[static_cast<size_t>(power)] != 0; }
};

/// Resolves the options. Throws UsageError when they contradict each other.
FastRPPlan make_plan(const FastRPOptions& options);

/// beta by either of its names.
double beta_of(const FastRPOptions& options);

/// The weights of powers 1, 2, ... by either of their names.
const std::vector<double>& weights_of(const FastRPOptions& options);

}  // namespace whitney::graph
