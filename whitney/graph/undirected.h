#pragma once

#include "whitney/core/context.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// The same edges without their directions, for what looks at neighbours either way: weights of u -> v and
/// v -> u add up; without weights the two count once. Holds a second graph.
Graph without_directions(const Graph& graph, const Context& context);

}  // namespace whitney::graph
