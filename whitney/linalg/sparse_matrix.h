#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/linalg/sparse.h"

namespace whitney {

/// A sparse matrix in CSR that owns its arrays.
struct SparseMatrix {
  int64_t cols = 0;
  std::vector<int64_t> offsets{0};
  std::vector<uint32_t> columns;
  /// As long as `columns`, or empty: all 1.
  std::vector<float> weights;

  int64_t rows() const { return static_cast<int64_t>(offsets.size()) - 1; }
  SparseView view() const { return {rows(), cols, offsets, columns, weights}; }
};

/// Copies some rows, in the order given: row i of `out` is row rows[i]. Memory that `out` holds is used
/// again.
WHITNEY_API void select_rows(const SparseView& sparse, std::span<const uint32_t> rows, SparseMatrix& out);

/// Turns rows into columns; the entries of a row of the result come in the order of the rows they were in.
/// O(rows + cols + entries) on one thread. Memory that `out` holds is used again.
WHITNEY_API void transpose(const SparseView& sparse, SparseMatrix& out);

}  // namespace whitney
