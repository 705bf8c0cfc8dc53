#include "whitney/linalg/sparse_matrix.h"

#include <algorithm>
#include <numeric>

namespace whitney {

void select_rows(const SparseView& sparse, std::span<const uint32_t> rows, SparseMatrix& out) {
  out.cols = sparse.cols;
  out.offsets.resize(rows.size() + 1);
  out.offsets[0] = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t length = sparse.offsets[size_t{rows[i]} + 1] - sparse.offsets[rows[i]];
    out.offsets[i + 1] = out.offsets[i] + length;
  }
  const auto num_entries = static_cast<size_t>(out.offsets.back());
  out.columns.resize(num_entries);
  out.weights.resize(sparse.weights.empty() ? 0 : num_entries);
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t begin = sparse.offsets[rows[i]], count = out.offsets[i + 1] - out.offsets[i];
    std::copy_n(sparse.columns.begin() + begin, count, out.columns.begin() + out.offsets[i]);
    if (sparse.weights.empty()) continue;
    std::copy_n(sparse.weights.begin() + begin, count, out.weights.begin() + out.offsets[i]);
  }
}

void transpose(const SparseView& sparse, SparseMatrix& out) {
  const bool weighted = !sparse.weights.empty();
  out.cols = sparse.rows;
  out.offsets.assign(static_cast<size_t>(sparse.cols) + 1, 0);
  out.columns.resize(sparse.columns.size());
  out.weights.resize(weighted ? sparse.columns.size() : 0);
  // Counts stand one place ahead of where a row begins, so that filling it moves them to its end.
  int64_t* next = out.offsets.data() + 1;
  for (const uint32_t column : sparse.columns) ++next[column];
  std::exclusive_scan(out.offsets.begin() + 1, out.offsets.end(), out.offsets.begin() + 1, int64_t{0});
  for (int64_t row = 0; row < sparse.rows; ++row) {
    for (int64_t e = sparse.offsets[static_cast<size_t>(row)];
         e < sparse.offsets[static_cast<size_t>(row) + 1]; ++e) {
      const auto at = static_cast<size_t>(next[sparse.columns[static_cast<size_t>(e)]]++);
      out.columns[at] = static_cast<uint32_t>(row);
      if (weighted) out.weights[at] = sparse.weights[static_cast<size_t>(e)];
    }
  }
}

}  // namespace whitney
