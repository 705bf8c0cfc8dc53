#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"
#include "whitney/graph/netmf.h"
#include "whitney/linalg/linear_map.h"

namespace whitney::graph {

/// Gives rows [begin, end) of the symmetric matrix M, (end - begin) x n.
using MatrixRows = std::function<Matrix(int64_t begin, int64_t end)>;

/// f(lambda) = (1/T) sum_{r = 1..T} lambda^r, the filter of the eigenvalues; negative values are 0.
double netmf_filter(double lambda, int window);

/// M by powers of the transition matrix. Keeps what it is given.
MatrixRows netmf_small_rows(const Graph& graph, const std::vector<double>& degrees,
                            const NetMFOptions& options, const Context& context);

/// M from the largest eigenpairs of D^-1/2 A D^-1/2, which are computed here.
MatrixRows netmf_large_rows(const Graph& graph, const std::vector<double>& degrees,
                            const NetMFOptions& options, const Context& context);

/// Products with log max(M, 1), of which `rows` gives M a few rows at a time: kept as a dense matrix, or as
/// its entries above 0. Keeps the context.
LinearMap netmf_logarithms(int64_t n, const MatrixRows& rows, bool dense, const Context& context);

/// Nodes up to which the logarithms are kept as a dense matrix.
inline constexpr int64_t kDenseNetMFNodes = 16384;

}  // namespace whitney::graph
