#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {

/// Chooses up to `count` nodes of the largest component far apart (k-center by greedy choice): the first is
/// the farthest from a random node, each next one the farthest from those before; equal distances: the larger
/// degree, then the lower row. A search from each seed goes as far as nodes are nearer to it than to others.
/// Throws Cancelled between seeds and in a long search.
std::vector<uint32_t> seeds_far_apart(const SymmetricRows& rows, int count, uint64_t seed,
                                      const Context& context);

}  // namespace whitney::graph
