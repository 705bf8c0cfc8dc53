#include "whitney/data/idx.h"

#include <cstring>
#include <optional>

#include "whitney/core/error.h"
#include "whitney/data/stored_matrix.h"

namespace whitney::data {

namespace {

std::optional<DType> type_of(unsigned char code) {
  switch (code) {
    case 0x08:
      return DType::kU8;
    case 0x09:
      return DType::kI8;
    case 0x0B:
      return DType::kI16;
    case 0x0C:
      return DType::kI32;
    case 0x0D:
      return DType::kF32;
    case 0x0E:
      return DType::kF64;
    default:
      return std::nullopt;
  }
}

}  // namespace

Matrix read_idx(const SharedBytes& file, const std::string& name) {
  const std::string_view text = file.text;
  if (text.size() < 4 || text[0] != 0 || text[1] != 0)
    fail(name, ": is no IDX file (it begins with two zero bytes)");
  const auto code = static_cast<unsigned char>(text[2]), rank = static_cast<unsigned char>(text[3]);
  const auto dtype = type_of(code);
  if (!dtype) fail(name, ": the type of its values is ", int{code}, " (expected: 8, 9, 11, 12, 13 or 14)");
  if (rank == 0) fail(name, ": tells of 0 dimensions (expected: at least 1)");
  const int64_t data_start = 4 + 4 * int64_t{rank};
  if (std::ssize(text) < data_start) {
    fail(name, ": is cut short inside its header of ", int{rank}, " dimensions");
  }
  int64_t rows = 0, cols = 1;
  for (int axis = 0; axis < rank; ++axis) {
    uint32_t stored = 0;
    std::memcpy(&stored, text.data() + 4 + 4 * axis, sizeof stored);
    const int64_t extent = __builtin_bswap32(stored);
    if (axis == 0)
      rows = extent;
    else if (__builtin_mul_overflow(cols, extent, &cols))
      fail(name, ": dimension ", axis, " tells of ", extent, " values, more than any file holds");
  }
  Matrix matrix = matrix_in_file(file, data_start, rows, cols, *dtype, name);
  if (size_of(*dtype) > 1) swap_bytes(matrix);
  return *dtype == DType::kI16 || *dtype == DType::kF64 ? matrix.to_float32() : matrix;
}

}  // namespace whitney::data
