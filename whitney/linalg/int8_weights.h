#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/dense_tile.h"

namespace whitney {

struct Int8Task;

/// Rows of float32 in 8 bits, each with its own scale and zero point: value = scale * (code - zero), with the
/// row's range (and 0) spread over the codes 0..255. The codes are the same at every SIMD level. Rows that
/// hold an infinity or NaN have the scale NaN, and so have their products. Made once, they serve several
/// products (query, key and value of one layer).
class WHITNEY_API QuantizedRows {
 public:
  /// Makes room for rows x cols; memory is used again.
  void reset(int64_t rows, int64_t cols);
  /// Quantises rows [first, first + rows.rows) from a float32 view; blocks may go to different threads.
  void quantize_block(int64_t first, const MatrixView& rows);
  /// Quantises a float32 view, on this thread.
  void quantize(const MatrixView& rows);

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  /// Codes of a row, readable to the next multiple of 4; what is beyond the columns is 0.
  const uint8_t* codes(int64_t row) const { return codes_.data() + row * stride_; }
  int64_t stride() const { return stride_; }
  const float* scales() const { return scales_.data(); }
  const int32_t* zeros() const { return zeros_.data(); }

 private:
  std::vector<uint8_t> codes_;
  std::vector<float> scales_;
  std::vector<int32_t> zeros_;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  int64_t stride_ = 0;
};

/// The weights of a linear layer in 8 bits, n x k, each output with its own scale (largest magnitude / 127):
/// out = epilogue(a w^T + bias), where rows of a are quantised as they come. Sums are exact integers, so that
/// results before an activation other than ReLU are the same at every SIMD level, and never depend on m, the
/// strides or the threads. A quarter of the memory of DenseWeights; with VNNI (avx3_dl) about three times as
/// fast. Copies share memory; const use from many threads is safe.
class WHITNEY_API Int8Weights {
 public:
  /// Writes rows [begin, end) of the weights as float32, packed.
  using CopyRows = std::function<void(int64_t begin, int64_t end, float* out)>;

  Int8Weights() = default;
  /// Quantises and packs a view of any numeric type. bias: n values, or empty. Throws Error when sizes
  /// differ, k is above 65,536, or a value is not finite.
  explicit Int8Weights(const MatrixView& weights, std::span<const float> bias = {});
  /// As above, of rows that `copy_rows` gives, some at a time, on the context's threads.
  Int8Weights(const Context& context, int64_t rows, int64_t cols, const CopyRows& copy_rows,
              std::span<const float> bias = {});

  /// Computes out[i * out_stride + j], i < m, j < n. a: m x k, float32, any stride. Throws Error when a has
  /// another width or type.
  void multiply(const Context& context, const MatrixView& a, float* out, int64_t out_stride,
                Epilogue epilogue = Epilogue::kNone) const;
  /// As multiply, of rows that are quantised already, on the calling thread only.
  void multiply_on_this_thread(const QuantizedRows& a, float* out, int64_t out_stride,
                               Epilogue epilogue = Epilogue::kNone) const;

  /// n, the outputs.
  int64_t rows() const { return rows_; }
  /// k, the inputs.
  int64_t cols() const { return cols_; }
  /// What weight j's codes are multiplied by.
  std::span<const float> scales() const { return scales_.span().first(static_cast<size_t>(rows_)); }
  int64_t size_bytes() const;

 private:
  void allocate(int64_t rows, int64_t cols, std::span<const float> bias);
  void pack_panel(int64_t panel, const float* rows);
  void check(int64_t cols) const;
  Int8Task task_of(int64_t first_panel, int64_t last_panel, Epilogue epilogue, float* out,
                   int64_t out_stride) const;

  // Panels of 48 rows: codes in groups of four terms, group g of row c at (g * 48 + c) * 4. Per row: its
  // scale and the sum of its codes; these and the bias are padded to whole panels.
  Array<int8_t> codes_;
  Array<float> scales_;
  Array<int32_t> sums_;
  Array<float> bias_;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
};

}  // namespace whitney
