#include "whitney/data/finite_rows.h"

#include <algorithm>

#include "whitney/core/parallel.h"

namespace whitney {
namespace {

// True when a value has all exponent bits set: NaN or infinite. No branch inside, so that it runs at memory
// speed.
template <class Bits>
bool any_not_finite(const Bits* values, int64_t count, Bits exponent) {
  Bits found = 0;
  for (int64_t i = 0; i < count; ++i) found |= static_cast<Bits>((values[i] & exponent) == exponent);
  return found != 0;
}

bool any_not_finite(const MatrixView& rows) {
  const int64_t count = rows.rows * rows.cols;
  switch (rows.dtype) {
    case DType::kF32:
      return any_not_finite<uint32_t>(static_cast<const uint32_t*>(rows.data), count, 0x7f800000U);
    case DType::kF16:
      return any_not_finite<uint16_t>(static_cast<const uint16_t*>(rows.data), count, 0x7c00U);
    case DType::kBF16:
      return any_not_finite<uint16_t>(static_cast<const uint16_t*>(rows.data), count, 0x7f80U);
    case DType::kF64:
      return any_not_finite<uint64_t>(static_cast<const uint64_t*>(rows.data), count, 0x7ff0000000000000U);
    default:
      return false;
  }
}

}  // namespace

int64_t first_not_finite(const Context& context, const MatrixView& rows) {
  if (rows.rows == 0 || rows.cols == 0) return -1;
  const int64_t block = std::max<int64_t>(1, (int64_t{1} << 18) / rows.cols);
  const int64_t first_block = ordered_reduce<int64_t>(
      context, rows.rows, block, -1,
      [&](int64_t begin, int64_t end) { return any_not_finite(rows.slice(begin, end)) ? begin : -1; },
      [](int64_t found, int64_t next) { return found >= 0 ? found : next; });
  if (first_block < 0) return -1;
  int64_t row = first_block;
  while (!any_not_finite(rows.slice(row, row + 1))) ++row;
  return row;
}

}  // namespace whitney
