#pragma once

#include <cstdint>

#include "whitney/core/matrix.h"

namespace whitney::codec {

/// The parts that product quantisation cuts vectors into: the dimensions [begin(m), begin(m + 1)) are
/// subspace m; widths differ by one at most.
struct Subspaces {
  int64_t dim, num_subspaces;
  int64_t begin(int64_t m) const { return m * dim / num_subspaces; }
  int64_t width(int64_t m) const { return begin(m + 1) - begin(m); }
  /// Subspace m of float32 rows.
  MatrixView part(const MatrixView& rows, int64_t m) const {
    return {static_cast<const float*>(rows.data) + begin(m), rows.rows, width(m), rows.stride, DType::kF32};
  }
};

}  // namespace whitney::codec
