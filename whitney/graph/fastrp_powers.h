#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/fastrp.h"
#include "whitney/graph/fastrp_plan.h"
#include "whitney/graph/fastrp_projection.h"

namespace whitney::graph {

/// A power in hand: U_i, and 1 / norm of its rows where they count.
struct FastRPPower {
  int64_t number = 0;
  Matrix matrix;
  Array<float> inverse_norms;
};

/// Walks through U_0, U_1, ... and holds the last two: the next one takes the place of the older. A very
/// sparse U_0 is there only where it has a weight. Keeps `plan` and `context`.
class FastRPPowerStream {
 public:
  FastRPPowerStream(const Graph& graph, const Matrix& features, const FastRPOptions& options,
                    const FastRPPlan& plan, const Context& context);
  bool ended() const { return current.number == plan_.num_powers(); }
  /// Computes the next power. Throws Error when it leaves the range of float32.
  void advance();

  FastRPPower previous, current;

 private:
  /// Takes the squared norms of the current power's rows, where no product gave them.
  void square_rows();
  /// Gives the current power the inverse norms of its rows.
  void measure();

  const Context& context_;
  const FastRPPlan& plan_;
  FastRPWalk walk_;
  // What U_1 is made of, until it is, where R is very sparse.
  std::optional<SparseProjection> start_;
  // Of the rows of the current power, where it is wanted.
  std::vector<double> squared_norms_;
};

}  // namespace whitney::graph
