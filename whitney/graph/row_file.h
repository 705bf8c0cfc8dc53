#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "whitney/core/matrix.h"

namespace whitney::graph {

/// An n x d float32 matrix in a file: rows are written and read by number, so that vectors of all nodes need
/// not be in memory. Rows that nobody writes are zero. Calls from several threads may overlap on different
/// rows.
class RowFile {
 public:
  /// Makes the file. Throws Error that names it when that fails.
  RowFile(std::string path, int64_t rows, int64_t dim);
  ~RowFile();
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  int64_t dim() const { return dim_; }
  /// Writes `values` (rows.size() x width, packed) into the columns from `column` of these rows.
  void write(std::span<const uint32_t> rows, const float* values, int64_t width, int64_t column);
  /// Reads whole rows, packed.
  Matrix read(std::span<const uint32_t> rows) const;
  /// Maps the whole; the mapping outlives the object and its file's name.
  Matrix map() const;

 private:
  std::string path_;
  int64_t rows_, dim_;
  int file_ = -1;
};

}  // namespace whitney::graph
