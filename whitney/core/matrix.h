#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "whitney/core/array.h"
#include "whitney/core/dtype.h"

namespace whitney {

/// Shows rows x cols values of one type in row-major order, `stride` elements from row to row. Valid for the
/// call only.
struct MatrixView {
  const void* data = nullptr;
  int64_t rows = 0;
  int64_t cols = 0;
  int64_t stride = 0;
  DType dtype = DType::kF32;

  /// Row i as values of T, which must be the type of the elements.
  template <class T>
  std::span<const T> row(int64_t i) const {
    return {static_cast<const T*>(data) + i * stride, static_cast<size_t>(cols)};
  }
  const std::byte* row_bytes(int64_t i) const {
    return static_cast<const std::byte*>(data) + i * stride * size_of(dtype);
  }
  /// Rows [begin, end).
  MatrixView slice(int64_t begin, int64_t end) const {
    return {static_cast<const std::byte*>(data) + begin * stride * size_of(dtype), end - begin, cols, stride,
            dtype};
  }
};

/// Owns, or shares with a mapped file, rows x cols values of one type, rows packed.
class WHITNEY_API Matrix {
 public:
  Matrix() = default;
  /// Makes a matrix whose values are not set. Throws Error when rows x cols overflows or memory runs out.
  Matrix(int64_t rows, int64_t cols, DType dtype = DType::kF32);
  /// Wraps bytes of the right size.
  Matrix(Array<std::byte> bytes, int64_t rows, int64_t cols, DType dtype);
  /// Copies a view, packed.
  static Matrix copy_of(const MatrixView& view);
  static Matrix zeros(int64_t rows, int64_t cols, DType dtype = DType::kF32);

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  DType dtype() const { return dtype_; }
  MatrixView view() const { return {bytes_.data(), rows_, cols_, cols_, dtype_}; }
  operator MatrixView() const { return view(); }  // NOLINT(google-explicit-constructor)
  const Array<std::byte>& bytes() const { return bytes_; }
  template <class T>
  std::span<const T> row(int64_t i) const {
    return view().row<T>(i);
  }
  /// All values for writing; copies first when the memory is shared. T must be the type of the elements.
  template <class T>
  T* mutable_data() {
    return reinterpret_cast<T*>(bytes_.mutable_data());
  }
  /// Gives the same values as float32 (the same memory when they are already).
  Matrix to_float32() const;

 private:
  Array<std::byte> bytes_;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  DType dtype_ = DType::kF32;
};

/// Writes row i of any numeric view as float32 into `out` (cols values).
WHITNEY_API void copy_row_as_float(const MatrixView& view, int64_t i, float* out);

}  // namespace whitney
