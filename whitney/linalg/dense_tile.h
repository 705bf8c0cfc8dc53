#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/distance.h"

namespace whitney {

/// The terms of one output element are summed in equal blocks of at most this many, each block in a register,
/// blocks in order: the order, and so the bits, depend on the width and the level alone. So many terms of 400
/// rows and of a panel stay in L2.
inline constexpr int64_t kTermBlock = 512;

/// What becomes of the sums of a dense product. A bias is added before any of these.
enum class Epilogue : uint8_t {
  kNone,
  /// Adds to what `out` holds: a residual connection.
  kAdd,
  kRelu,
  /// x P(X <= x) of the normal distribution, within |x| 2^-22, and its approximation by tanh.
  kGelu,
  kGeluTanh,
  kSilu
};

/// Holds rows of float32 in the order in which the dense kernel reads them: panels of 48 rows, transposed.
/// The layout is the same at every level.
class WHITNEY_API PackedRows {
 public:
  static constexpr int64_t kPanelRows = 48;

  /// Makes room for rows x cols values, to be given panel by panel.
  void reset(int64_t rows, int64_t cols);
  /// Packs rows [48 panel, 48 panel + rows.rows) from a float32 view; only the last panel may have fewer than
  /// 48. Panels may be packed on different threads.
  void pack_panel(int64_t panel, const MatrixView& rows);
  /// Packs a float32 view, on this thread.
  void pack(const MatrixView& rows);

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  int64_t num_panels() const { return (rows_ + kPanelRows - 1) / kPanelRows; }
  /// The panel's first value; term t of its rows starts at t * panel_width.
  const float* panel(int64_t panel) const { return data_.data() + panel * kPanelRows * cols_; }
  /// 48, or in the last panel a smaller multiple of 16 that holds the rows left.
  int64_t panel_width(int64_t panel) const;
  /// The values of a panel that a product reads first, before other panels.
  std::span<const float> first_terms(int64_t panel) const;
  int64_t size_bytes() const { return data_.size() * static_cast<int64_t>(sizeof(float)); }

 private:
  Array<float> data_;
  float* writable_ = nullptr;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
};

/// Computes out[i * out_stride + j] = kernel(a row i, b row j), a: m x k float32, b: n x k. Best with up to
/// about 400 rows of a, which then stay in L2. Element (i, j) depends on its two rows and the level only. On
/// this thread.
WHITNEY_API void multiply_tile(Kernel kernel, const MatrixView& a, const PackedRows& b, float* out,
                               int64_t out_stride);

/// As multiply_tile of inner products for b's panels [first, last) only, then bias (one value a row of
/// b; none when empty) and epilogue. `out` points at the column of the first
/// panel. `next`: what the thread will read behind them, asked for while the last panel is multiplied; when
/// empty, the panel behind these.
WHITNEY_API void multiply_panels(const MatrixView& a, const PackedRows& b, int64_t first, int64_t last,
                                 std::span<const float> bias, Epilogue epilogue, float* out,
                                 int64_t out_stride, std::span<const float> next = {});

}  // namespace whitney
