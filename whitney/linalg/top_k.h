#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney {

/// The k smallest (key, row) pairs seen, ties by row: a bounded max-heap. For scores, push the negated score.
class WHITNEY_API TopK {
 public:
  struct Entry {
    float key;
    uint32_t row;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  explicit TopK(int64_t k);
  /// The largest key still kept, +infinity while there is room: candidates above it cannot enter.
  float bound() const { return bound_; }
  void push(float key, uint32_t row) {
    if (key > bound_) return;
    insert(key, row);
  }
  /// Pushes keys[i] for rows first_row + i.
  void push_run(std::span<const float> keys, uint32_t first_row);
  /// Ascending by (key, row); empties the heap.
  std::vector<Entry> take();

 private:
  void insert(float key, uint32_t row);
  int64_t k_;
  float bound_;
  std::vector<Entry> heap_;
};

}  // namespace whitney
