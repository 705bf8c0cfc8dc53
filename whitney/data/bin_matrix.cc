#include "whitney/data/bin_matrix.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "whitney/core/error.h"
#include "whitney/data/row_limit.h"
#include "whitney/data/stored_matrix.h"

namespace whitney::data {

namespace {

constexpr int64_t kHeaderBytes = 8;
constexpr int64_t kBlockBytes = int64_t{1} << 24;

}  // namespace

Matrix read_bin_matrix(const SharedBytes& file, DType dtype, const std::string& name) {
  std::array<uint32_t, 2> shape{};
  if (std::ssize(file.text) < kHeaderBytes) {
    fail(name, ": has ", file.text.size(), " bytes, too few for its header (rows and columns, 4 bytes each)");
  }
  std::memcpy(shape.data(), file.text.data(), kHeaderBytes);
  return matrix_in_file(file, kHeaderBytes, shape[0], shape[1], dtype, name);
}

void write_bin_matrix(const Matrix& matrix, AtomicFile& file, const Context& context) {
  WHITNEY_CHECK(matrix.rows() <= kMostRows && matrix.cols() <= kMostRows);
  const std::array<uint32_t, 2> shape = {static_cast<uint32_t>(matrix.rows()),
                                         static_cast<uint32_t>(matrix.cols())};
  file.write(shape.data(), kHeaderBytes);
  const Array<std::byte>& bytes = matrix.bytes();
  for (int64_t begin = 0; begin < bytes.size(); begin += kBlockBytes) {
    context.advance("write", begin, bytes.size(), "bytes");
    context.check_cancelled();
    file.write(bytes.data() + begin, std::min(kBlockBytes, bytes.size() - begin));
  }
}

}  // namespace whitney::data
