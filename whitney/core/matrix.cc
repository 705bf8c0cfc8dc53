#include "whitney/core/matrix.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "whitney/core/error.h"

namespace whitney {
namespace {

int64_t checked_bytes(int64_t rows, int64_t cols, DType dtype) {
  int64_t count = 0, bytes = 0;
  if (rows < 0 || cols < 0 || __builtin_mul_overflow(rows, cols, &count) ||
      __builtin_mul_overflow(count, size_of(dtype), &bytes)) {
    fail("a matrix of ", rows, " x ", cols, " values does not fit in memory");
  }
  return bytes;
}

template <class T>
void widen(std::span<const T> row, float* out) {
  std::copy(row.begin(), row.end(), out);
}

}  // namespace

Matrix::Matrix(int64_t rows, int64_t cols, DType dtype)
    : bytes_(checked_bytes(rows, cols, dtype)), rows_(rows), cols_(cols), dtype_(dtype) {}

Matrix::Matrix(Array<std::byte> bytes, int64_t rows, int64_t cols, DType dtype)
    : bytes_(std::move(bytes)), rows_(rows), cols_(cols), dtype_(dtype) {
  WHITNEY_CHECK(bytes_.size() == checked_bytes(rows, cols, dtype), bytes_.size(), " bytes for ", rows, " x ",
                cols);
}

Matrix Matrix::copy_of(const MatrixView& view) {
  Matrix result(view.rows, view.cols, view.dtype);
  const size_t row_size = static_cast<size_t>(view.cols * size_of(view.dtype));
  std::byte* out = result.mutable_data<std::byte>();
  if (row_size == 0) return result;
  for (int64_t i = 0; i < view.rows; ++i)
    std::memcpy(out + static_cast<size_t>(i) * row_size, view.row_bytes(i), row_size);
  return result;
}

Matrix Matrix::zeros(int64_t rows, int64_t cols, DType dtype) {
  Matrix result(rows, cols, dtype);
  if (!result.bytes_.empty())
    std::memset(result.mutable_data<std::byte>(), 0, static_cast<size_t>(result.bytes_.size()));
  return result;
}

Matrix Matrix::to_float32() const {
  if (dtype_ == DType::kF32) return *this;
  Matrix result(rows_, cols_);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < rows_; ++i) copy_row_as_float(view(), i, out + i * cols_);
  return result;
}

void copy_row_as_float(const MatrixView& view, int64_t i, float* out) {
  switch (view.dtype) {
    case DType::kF32:
      return widen(view.row<float>(i), out);
    case DType::kF64:
      for (double value : view.row<double>(i)) *out++ = static_cast<float>(value);
      return;
    case DType::kF16:
      for (Float16 value : view.row<Float16>(i)) *out++ = to_float(value);
      return;
    case DType::kBF16:
      for (uint16_t bits : view.row<uint16_t>(i))
        *out++ = std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
      return;
    case DType::kBool:
    case DType::kU8:
      return widen(view.row<uint8_t>(i), out);
    case DType::kI8:
      return widen(view.row<int8_t>(i), out);
    case DType::kU16:
      return widen(view.row<uint16_t>(i), out);
    case DType::kI16:
      return widen(view.row<int16_t>(i), out);
    case DType::kU32:
      return widen(view.row<uint32_t>(i), out);
    case DType::kI32:
      return widen(view.row<int32_t>(i), out);
    case DType::kU64:
      return widen(view.row<uint64_t>(i), out);
    case DType::kI64:
      return widen(view.row<int64_t>(i), out);
  }
}

}  // namespace whitney
