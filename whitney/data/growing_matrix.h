#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/matrix.h"

namespace whitney::data {

/// Collects rows of float32 whose number is not known before. Holds them once: finish lets go of each block
/// as it is copied.
class GrowingMatrix {
 public:
  explicit GrowingMatrix(int64_t dim) : dim_(dim) {}
  int64_t dim() const { return dim_; }
  int64_t rows() const { return rows_; }
  /// Adds whole rows behind one another.
  void append(std::vector<float> values) {
    rows_ += std::ssize(values) / dim_;
    blocks_.push_back(std::move(values));
  }
  /// Adds one row.
  void append_row(std::span<const float> row) {
    if (blocks_.empty() || blocks_.back().capacity() - blocks_.back().size() < row.size()) {
      blocks_.emplace_back().reserve(std::max(kBlockValues, row.size()));
    }
    blocks_.back().insert(blocks_.back().end(), row.begin(), row.end());
    ++rows_;
  }
  Matrix finish() {
    Matrix matrix(rows_, dim_);
    auto* out = matrix.mutable_data<float>();
    for (auto& block : blocks_) {
      out = std::copy(block.begin(), block.end(), out);
      block = {};
    }
    return matrix;
  }

 private:
  static constexpr size_t kBlockValues = size_t{1} << 18;
  int64_t dim_;
  int64_t rows_ = 0;
  std::vector<std::vector<float>> blocks_;
};

}  // namespace whitney::data
