#pragma once

#include <cstdint>

#include "whitney/data/graph.h"

namespace whitney::bench {

/// Makes a synthetic R-MAT graph (Chakrabarti, Zhan, Faloutsos 2004; quadrants 0.57, 0.19, 0.19, 0.05) of
/// 2^scale nodes, numbered at random, as ids by first appearance would be. Undirected; of the edges drawn,
/// self-loops are left out and repeated ones count once. The same graph for the same numbers.
Graph rmat(int scale, int64_t num_edges, uint64_t seed = 42);

}  // namespace whitney::bench
