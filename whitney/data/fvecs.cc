#include "whitney/data/fvecs.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::data {

namespace {

constexpr int64_t kWidthBytes = 4;
constexpr int64_t kBlockBytes = int64_t{1} << 22;

int32_t width_at(const char* place) {
  int32_t width = 0;
  std::memcpy(&width, place, kWidthBytes);
  return width;
}

}  // namespace

Matrix read_fvecs(const SharedBytes& file, DType dtype, const std::string& name, const Context& context) {
  const std::string_view text = file.text;
  if (std::ssize(text) < kWidthBytes)
    fail(name, ": has ", text.size(), " bytes, too few for the width of one vector");
  const int64_t dim = width_at(text.data());
  if (dim <= 0) fail(name, ": vector 0 tells the width ", dim, " (expected: at least 1)");
  const int64_t value_bytes = dim * size_of(dtype), row_bytes = kWidthBytes + value_bytes;
  const int64_t rows = std::ssize(text) / row_bytes;
  if (rows == 0) {
    fail(name, ": vector 0 tells the width ", dim, ", which needs ", row_bytes, " bytes; the file has ",
         text.size(), ": it is cut short or damaged");
  }
  // Widths are compared before memory is taken, so that a wrong first one is not paid for.
  const int64_t block = std::max<int64_t>(1, kBlockBytes / row_bytes);
  parallel_blocks(context, rows, block, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t width = width_at(text.data() + row * row_bytes);
      if (width != dim) fail(name, ": vector ", row, " tells the width ", width, ", those before it ", dim);
    }
  });
  if (std::ssize(text) % row_bytes != 0) {
    fail(name, ": is cut short inside vector ", rows, " (", std::ssize(text) % row_bytes, " of its ",
         row_bytes, " bytes are there)");
  }
  Matrix matrix(rows, dim, dtype);
  auto* out = matrix.mutable_data<std::byte>();
  parallel_blocks(context, rows, block, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      std::memcpy(out + row * value_bytes, text.data() + row * row_bytes + kWidthBytes,
                  static_cast<size_t>(value_bytes));
    }
  });
  return matrix;
}

void write_fvecs(const Matrix& matrix, AtomicFile& file, const Context& context) {
  const auto width = static_cast<int32_t>(matrix.cols());
  const int64_t value_bytes = matrix.cols() * size_of(matrix.dtype());
  for (int64_t row = 0; row < matrix.rows(); ++row) {
    if (row % 4096 == 0) {
      context.advance("write", row, matrix.rows(), "rows");
      context.check_cancelled();
    }
    file.write(&width, kWidthBytes);
    file.write(matrix.view().row_bytes(row), value_bytes);
  }
}

}  // namespace whitney::data
