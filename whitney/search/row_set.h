#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney {

/// A set of row numbers (a compressed bitmap inside). Copies share until changed.
class WHITNEY_API RowSet {
 public:
  RowSet();
  static RowSet range(uint32_t begin, uint32_t end);
  static RowSet of(std::span<const uint32_t> rows);

  void add(uint32_t row);
  void remove(uint32_t row);
  bool contains(uint32_t row) const;
  int64_t size() const;
  RowSet operator&(const RowSet& other) const;
  RowSet operator|(const RowSet& other) const;
  RowSet operator-(const RowSet& other) const;
  /// All rows, ascending.
  std::vector<uint32_t> rows() const;
  /// The i-th smallest row.
  uint32_t select(int64_t i) const;
  /// Bit r of word r / 64, for `num_rows` rows: what hot loops test.
  std::vector<uint64_t> bits(int64_t num_rows) const;

 private:
  struct Bitmap;
  std::shared_ptr<const Bitmap> bitmap_;
  Bitmap& mutable_bitmap();
};

}  // namespace whitney
