#pragma once

#include "whitney/graph/fastrp_cases_test.h"

namespace whitney::graph {

/// 0-1-2-3 and a triangle 3-4-5.
inline Graph path_and_triangle() {
  return graph_of(7, {{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {3, 5}, {1, 1}});
}

}  // namespace whitney::graph
