#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/dense_tile.h"

namespace whitney {

/// The weights of a linear layer, n x k float32 (n outputs, k inputs) with an optional bias, packed once for
/// many products out = epilogue(a w^T + bias), a: m x k. Row i of a result depends only on row i of a (and of
/// out, for kAdd), on the weights and on the SIMD level, bit for bit: never on m, the strides or the threads.
/// Packed weights serve every level. Copies share memory; const use from many threads is safe.
class WHITNEY_API DenseWeights {
 public:
  /// Writes rows [begin, end) of the weights as float32, packed.
  using CopyRows = std::function<void(int64_t begin, int64_t end, float* out)>;

  DenseWeights() = default;
  /// Packs a view of any numeric type. bias: n values, or empty. Throws Error when sizes differ.
  explicit DenseWeights(const MatrixView& weights, std::span<const float> bias = {});
  /// Packs rows that `copy_rows` gives, some at a time: a checkpoint is never converted whole. copy_rows is
  /// called from the context's threads.
  DenseWeights(const Context& context, int64_t rows, int64_t cols, const CopyRows& copy_rows,
               std::span<const float> bias = {});

  /// Computes out[i * out_stride + j], i < m, j < n. a: m x k, float32, any stride; out must not overlap it.
  /// Throws Error when a has another width or type. `next`: the weights that are read next, the first of
  /// which are asked for ahead; may be null.
  void multiply(const Context& context, const MatrixView& a, float* out, int64_t out_stride,
                Epilogue epilogue = Epilogue::kNone, const DenseWeights* next = nullptr) const;
  /// As multiply, on the calling thread only.
  void multiply_on_this_thread(const MatrixView& a, float* out, int64_t out_stride,
                               Epilogue epilogue = Epilogue::kNone) const;

  /// n, the outputs.
  int64_t rows() const { return packed_.rows(); }
  /// k, the inputs.
  int64_t cols() const { return packed_.cols(); }
  bool has_bias() const { return !bias_.empty(); }
  int64_t size_bytes() const;

 private:
  void check(const MatrixView& a) const;
  void set_bias(std::span<const float> bias);

  PackedRows packed_;
  Array<float> bias_;
};

}  // namespace whitney
