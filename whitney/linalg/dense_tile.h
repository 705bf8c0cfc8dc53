#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/distance.h"

namespace whitney {

/// The terms of one output element are summed in equal blocks of at most this many, each block in a register,
/// blocks in order: the order, and so the bits, depend on the width and the level alone. A packed panel of so
/// many terms stays in L1.
inline constexpr int64_t kTermBlock = 256;

/// Holds rows of float32 in the order in which the dense kernel reads them. Meant for blocks of up to about
/// 250 rows, which stay in L2.
class WHITNEY_API PackedRows {
 public:
  /// Packs a float32 view; the levels' kernels take different layouts, so multiply under the level that
  /// packed.
  void pack(const MatrixView& rows);
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  const float* data() const { return data_.data(); }

 private:
  std::vector<float> data_;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
};

/// Memory that multiply_tile works in; one per thread, used again and again.
struct TileScratch {
  Array<float> panel;
};

/// Computes out[i * out_stride + j] = kernel(a row i, b row j) for a tile of b (float32, best 256 rows: what
/// is packed of them stays in L2). Element (i, j) depends on its two rows and the level only. On this thread.
WHITNEY_API void multiply_tile(Kernel kernel, const PackedRows& a, const MatrixView& b, TileScratch& scratch,
                               float* out, int64_t out_stride);

}  // namespace whitney
