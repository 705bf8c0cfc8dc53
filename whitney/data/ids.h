#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"

namespace whitney {

/// The names of n rows: unsigned 64-bit integers (any gaps) or strings. Copies share memory; may view a
/// mapped file.
class WHITNEY_API Ids {
 public:
  Ids() = default;
  static Ids integers(Array<uint64_t> values);
  /// Row i is bytes[offsets[i], offsets[i+1]); offsets has n + 1 entries. Throws Error when they do not fit.
  static Ids strings(Array<uint64_t> offsets, Array<char> bytes);
  static Ids strings(const std::vector<std::string>& values);
  /// As above over a mapped file: only the ends are looked at, in O(1); each look-up checks what it follows.
  static Ids mapped_strings(Array<uint64_t> offsets, Array<char> bytes);
  /// 0, 1, ..., n-1.
  static Ids row_numbers(int64_t n);

  int64_t size() const { return size_; }
  bool is_integer() const { return is_integer_; }
  uint64_t integer(int64_t row) const { return integers_[row]; }
  /// Throws Error when the offsets of a mapped file are wrong here.
  std::string_view string(int64_t row) const {
    const uint64_t begin = offsets_[row], end = offsets_[row + 1];
    if (begin > end || end > static_cast<uint64_t>(bytes_.size())) fail_offsets(row);
    return {bytes_.data() + begin, static_cast<size_t>(end - begin)};
  }
  /// The id as people see it.
  std::string text(int64_t row) const;

  /// The row of an id given as text ("17" finds the integer 17). The first call builds a table in O(n);
  /// thread-safe.
  std::optional<int64_t> find(std::string_view text) const;
  /// The row of an integer id; nothing when the ids are strings.
  std::optional<int64_t> find_integer(uint64_t id) const;
  /// The first row whose id stands earlier already, if any, as (earlier row, this row).
  std::optional<std::pair<int64_t, int64_t>> first_duplicate() const;
  /// Like did_you_mean, among the ids when there are not too many to look at.
  std::string did_you_mean(std::string_view text) const;

  const Array<uint64_t>& integer_array() const { return integers_; }
  const Array<uint64_t>& offsets_array() const { return offsets_; }
  const Array<char>& bytes_array() const { return bytes_; }
  /// The ids of some rows, in their order; rows may repeat.
  Ids select(std::span<const int64_t> rows) const;
  friend WHITNEY_API bool operator==(const Ids& a, const Ids& b);

 private:
  struct Table;
  [[noreturn]] static void fail_offsets(int64_t row);
  const Table& table() const;
  struct LazyTable;
  Array<uint64_t> integers_, offsets_;
  Array<char> bytes_;
  int64_t size_ = 0;
  bool is_integer_ = true;
  std::shared_ptr<LazyTable> lazy_;
};

}  // namespace whitney
