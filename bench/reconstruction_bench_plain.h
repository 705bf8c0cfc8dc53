#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"

namespace whitney::bench {

/// Mean average precision at hops 1..max_hops, exactly so many and at most so many away, and of precision@|N|
/// at the first: what a loop over sources that follows the definitions gives. One breadth-first search by a
/// queue, one dot product a candidate, one sort, one pass over the ranking for each set.
struct PlainFigures {
  std::vector<double> exact, cumulative;
  double precision = 0;
};
PlainFigures plain_reconstruction(const Graph& graph, const MatrixView& vectors,
                                  std::span<const int64_t> sources, int max_hops);

}  // namespace whitney::bench
