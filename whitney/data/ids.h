#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
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
  /// 0, 1, ..., n-1.
  static Ids row_numbers(int64_t n);

  int64_t size() const { return size_; }
  bool is_integer() const { return is_integer_; }
  uint64_t integer(int64_t row) const { return integers_[row]; }
  std::string_view string(int64_t row) const {
    return {bytes_.data() + offsets_[row], static_cast<size_t>(offsets_[row + 1] - offsets_[row])};
  }
  /// The id as people see it.
  std::string text(int64_t row) const;

  /// The row of an id given as text ("17" finds the integer 17). The first call builds a table in O(n);
  /// thread-safe.
  std::optional<int64_t> find(std::string_view text) const;
  /// A row whose id stands twice, if any: (first row, second row).
  std::optional<std::pair<int64_t, int64_t>> first_duplicate() const;
  /// Like did_you_mean, among the ids when there are not too many to look at.
  std::string did_you_mean(std::string_view text) const;

  const Array<uint64_t>& integer_array() const { return integers_; }
  const Array<uint64_t>& offsets_array() const { return offsets_; }
  const Array<char>& bytes_array() const { return bytes_; }
  /// The ids of some rows, in their order.
  Ids select(std::span<const int64_t> rows) const;
  friend WHITNEY_API bool operator==(const Ids& a, const Ids& b);

 private:
  struct Table;
  const Table& table() const;
  struct LazyTable;
  Array<uint64_t> integers_, offsets_;
  Array<char> bytes_;
  int64_t size_ = 0;
  bool is_integer_ = true;
  std::shared_ptr<LazyTable> lazy_;
};

}  // namespace whitney
