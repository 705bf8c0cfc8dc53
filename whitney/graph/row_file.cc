#include "whitney/graph/row_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/mapped_file.h"

namespace whitney::graph {
namespace {

constexpr int64_t kFloat = sizeof(float);

// Calls body(first, count) for each run of rows that follow one another.
template <class Body>
void visit_runs(std::span<const uint32_t> rows, const Body& body) {
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    body(begin, end - begin);
    begin = end;
  }
}

}  // namespace

RowFile::RowFile(std::string path, int64_t rows, int64_t dim)
    : path_(std::move(path)), rows_(rows), dim_(dim) {
  file_ = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file_ < 0) fail(path_, ": cannot be written: ", std::strerror(errno));
  if (ftruncate(file_, rows * dim * kFloat) != 0) {
    const int error = errno;
    close(file_);
    fail(path_, ": cannot hold ", rows, " x ", dim, " values: ", std::strerror(error));
  }
}

RowFile::~RowFile() { close(file_); }

void RowFile::write(std::span<const uint32_t> rows, const float* values, int64_t width, int64_t column) {
  const auto put = [&](const float* from, int64_t row, int64_t size_bytes) {
    int64_t offset = (row * dim_ + column) * kFloat;
    const auto* bytes = reinterpret_cast<const char*>(from);
    while (size_bytes > 0) {
      const ssize_t written = pwrite(file_, bytes, static_cast<size_t>(size_bytes), offset);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) fail(path_, ": cannot be written: ", std::strerror(errno));
      bytes += written;
      offset += written;
      size_bytes -= written;
    }
  };
  visit_runs(rows, [&](size_t begin, size_t count) {
    const auto first = static_cast<int64_t>(begin);
    if (width == dim_) {
      put(values + first * width, rows[begin], static_cast<int64_t>(count) * width * kFloat);
      return;
    }
    for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
      put(values + (first + i) * width, int64_t{rows[begin]} + i, width * kFloat);
  });
}

Matrix RowFile::read(std::span<const uint32_t> rows) const {
  Matrix result(std::ssize(rows), dim_);
  auto* out = result.mutable_data<float>();
  visit_runs(rows, [&](size_t begin, size_t count) {
    auto* bytes = reinterpret_cast<char*>(out + static_cast<int64_t>(begin) * dim_);
    int64_t offset = int64_t{rows[begin]} * dim_ * kFloat, left = static_cast<int64_t>(count) * dim_ * kFloat;
    while (left > 0) {
      const ssize_t got = pread(file_, bytes, static_cast<size_t>(left), offset);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) fail(path_, ": cannot be read: ", got == 0 ? "it is too short" : std::strerror(errno));
      bytes += got;
      offset += got;
      left -= got;
    }
  });
  return result;
}

Matrix RowFile::map() const { return {map_file(path_), rows_, dim_, DType::kF32}; }

}  // namespace whitney::graph
