#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// A sparse matrix in CSR: `rows` + 1 offsets; `weights` may be empty (all 1).
struct SparseView {
  int64_t rows = 0;
  int64_t cols = 0;
  std::span<const int64_t> offsets;
  std::span<const uint32_t> columns;
  std::span<const float> weights;
};

/// Computes out (rows x d, packed) = diag(row_scale) * S * dense, dense: cols x d float32; `row_scale` may be
/// empty. Each output row is summed in the fixed order of its entries (rows longer than a block in blocks of
/// fixed size), so bytes do not depend on threads. `squared_norms`, where it is given, takes the sum of
/// squares of each output row. `addend` (rows x d, packed; it may be `out`) is added to the product.
/// Bandwidth bound: prefetches rows to come, and writes results beyond the size of a cache past it.
WHITNEY_API void multiply_sparse(const Context& context, const SparseView& sparse,
                                 std::span<const float> row_scale, const MatrixView& dense, float* out,
                                 double* squared_norms = nullptr, const float* addend = nullptr);

}  // namespace whitney
