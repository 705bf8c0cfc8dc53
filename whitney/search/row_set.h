#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney {

/// A set of row numbers (a compressed bitmap inside). Copies share until changed; a moved-from set is empty.
class WHITNEY_API RowSet {
 public:
  RowSet();
  /// Rows begin..end-1; empty when begin >= end.
  static RowSet range(uint32_t begin, uint32_t end);
  /// Rows in any order, repeated or not.
  static RowSet of(std::span<const uint32_t> rows);
  /// The rows r whose bit r of word r / 64 is set.
  static RowSet from_bits(std::span<const uint64_t> bits);

  void add(uint32_t row);
  void remove(uint32_t row);
  bool contains(uint32_t row) const;
  int64_t size() const;
  bool empty() const;
  RowSet operator&(const RowSet& other) const;
  RowSet operator|(const RowSet& other) const;
  RowSet operator-(const RowSet& other) const;
  /// The size of `*this & other`, without making it.
  int64_t intersection_size(const RowSet& other) const;
  friend WHITNEY_API bool operator==(const RowSet& a, const RowSet& b);
  /// All rows, ascending.
  std::vector<uint32_t> rows() const;
  /// The i-th smallest row. Throws Error when there are not that many.
  uint32_t select(int64_t i) const;
  /// Bit r of word r / 64, for `num_rows` rows: what hot loops test. Rows from `num_rows` on are left out.
  std::vector<uint64_t> bits(int64_t num_rows) const;

 private:
  struct Bitmap;
  explicit RowSet(std::shared_ptr<const Bitmap> bitmap);
  const Bitmap& bitmap() const;
  Bitmap& mutable_bitmap();
  std::shared_ptr<const Bitmap> bitmap_;
};

}  // namespace whitney
