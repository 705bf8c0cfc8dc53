#pragma once

#include <cstdint>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/fastrp.h"

namespace whitney::graph {

/// Reads the node features that the options ask for: n x p float32, in the order of the nodes; 0 x 0 when
/// they ask for none. Throws Error when a node lacks a feature, or one is not a finite number.
Matrix read_features(const Graph& graph, const FastRPOptions& options, const Context& context);

/// Replaces the last floor(property_ratio dim) columns of `projection` (U_0, n x dim float32) by sum_f F_vf
/// q_f of each node v, where F are the features and q_f is a random row of the feature's number f. Not scaled
/// by degrees. Does nothing where there are no features.
void project_features(const Matrix& features, const FastRPOptions& options, const Context& context,
                      Matrix& projection);

}  // namespace whitney::graph
