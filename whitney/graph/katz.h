#pragma once

#include "whitney/core/context.h"
#include "whitney/linalg/linear_map.h"
#include "whitney/linalg/sparse.h"

namespace whitney::graph {

/// Products with Katz's index S = sum_{i >= 1} (beta A)^i and its transpose by their series, each to 1e-7 of
/// its largest term. Keeps the context and what the views show. A product throws Error when the series does
/// not end.
LinearMap katz_map(const Context& context, const SparseView& matrix, const SparseView& transposed,
                   double beta);

}  // namespace whitney::graph
