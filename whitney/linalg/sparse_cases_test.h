#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "whitney/linalg/sparse.h"

namespace whitney {

/// A CSR matrix that owns its arrays, for tests.
struct SparseCase {
  int64_t cols = 0;
  std::vector<int64_t> offsets{0};
  std::vector<uint32_t> columns;
  std::vector<float> weights;

  SparseView view() const { return {std::ssize(offsets) - 1, cols, offsets, columns, weights}; }
};

/// n x n, its entries 1 in both directions for each edge, or in one.
inline SparseCase adjacency_of(int64_t n, const std::vector<std::pair<uint32_t, uint32_t>>& edges,
                               bool both = true) {
  SparseCase result;
  result.cols = n;
  for (uint32_t u = 0; u < n; ++u) {
    for (const auto& [a, b] : edges) {
      if (a == u) result.columns.push_back(b);
      if (both && b == u) result.columns.push_back(a);
    }
    result.offsets.push_back(std::ssize(result.columns));
  }
  return result;
}

/// The path 0 - 1 - ... - n-1.
inline SparseCase path_of(int64_t n) {
  std::vector<std::pair<uint32_t, uint32_t>> edges;
  for (uint32_t i = 0; i + 1 < n; ++i) edges.push_back({i, i + 1});
  return adjacency_of(n, edges);
}

}  // namespace whitney
