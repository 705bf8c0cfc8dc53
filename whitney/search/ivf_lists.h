#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/array.h"

namespace whitney::search {

/// Values that may grow at their end: those of a mapped file, or of a larger array, until they first do.
/// Copies share the memory.
template <class T>
class GrowingArray {
 public:
  GrowingArray() = default;
  explicit GrowingArray(Array<T> values) : values_(std::move(values)), size_(values_.size()) {}
  /// The part [begin, begin + size) of a larger array.
  GrowingArray(const Array<T>& whole, int64_t begin, int64_t size)
      : GrowingArray(Array<T>::view(whole.owner(), whole.data() + begin, size)) {}

  int64_t size() const { return size_; }
  const T* data() const { return values_.data(); }
  std::span<const T> span() const { return {data(), static_cast<size_t>(size_)}; }
  /// All values for writing, copied first where they are shared.
  T* mutable_data() { return values_.mutable_data(); }
  void append(std::span<const T> more) { std::ranges::copy(more, grow(std::ssize(more))); }
  void append(int64_t count, T value) { std::fill_n(grow(count), count, value); }

 private:
  // Makes room for twice as many, so that values can come one by one, and gives where the new ones begin.
  T* grow(int64_t count) {
    const int64_t before = size_;
    size_ += count;
    if (size_ > values_.size()) {
      Array<T> larger(std::max(size_, 2 * before));
      if (before > 0)
        std::memcpy(larger.mutable_data(), values_.data(), static_cast<size_t>(before) * sizeof(T));
      values_ = std::move(larger);
    }
    return count == 0 ? nullptr : values_.mutable_data() + before;
  }

  Array<T> values_;
  int64_t size_ = 0;
};

/// One inverted list: its rows, ascending, and what is held of each of them. What an index does not hold is
/// empty.
struct IvfList {
  GrowingArray<uint32_t> rows;
  /// float32, dim a row.
  GrowingArray<float> vectors;
  /// Codes of 8 bits a dimension.
  GrowingArray<uint8_t> bytes;
  /// Codes of residuals, 32 a block (ListCodec); lanes without a row hold 0.
  GrowingArray<uint8_t> blocks;
  /// What keys add to the codes' scores, for each block (ListCodec).
  GrowingArray<float> terms;
  /// Second level of the codes, a row each.
  GrowingArray<uint8_t> fine;
  /// No vector of the list was ever farther from its centroid.
  float radius = 0;

  int64_t size() const { return rows.size(); }
  int64_t size_bytes() const {
    return 4 * (rows.size() + vectors.size() + terms.size()) + bytes.size() + blocks.size() + fine.size();
  }
};

/// Where a row lies.
struct ListPlace {
  uint32_t list = 0;
  uint32_t at = 0;
};

}  // namespace whitney::search
