#pragma once

#include <cstdint>
#include <functional>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/sparse.h"

namespace whitney {

/// Writes the product of a matrix with `dense` (float32, a few columns) to `out`, packed.
using DenseProduct = std::function<void(const MatrixView& dense, float* out)>;

/// A matrix A that is known by its products only, rows x cols.
struct LinearMap {
  int64_t rows = 0;
  int64_t cols = 0;
  /// A X of a cols x k matrix X: rows x k.
  DenseProduct multiply;
  /// A^T X of a rows x k matrix X: cols x k.
  DenseProduct multiply_transposed;
};

/// Products with a sparse matrix and its transpose. Keeps the context and what the views show.
WHITNEY_API LinearMap sparse_map(const Context& context, const SparseView& matrix,
                                 const SparseView& transposed);

/// Products with a symmetric sparse matrix, as sparse_map.
WHITNEY_API LinearMap symmetric_map(const Context& context, const SparseView& matrix);

}  // namespace whitney
