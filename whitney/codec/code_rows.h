#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "whitney/codec/codec.h"
#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"

namespace whitney::codec {

/// The codes of rows as a scan reads them: in blocks of 32 where the codec has a layout for them
/// (Codec::block_layout), else one behind the other as they came. They are held once. Copies share the memory
/// until one changes.
class WHITNEY_API CodeRows {
 public:
  CodeRows() = default;
  /// Re-lays codes that lie one behind the other, O(their bytes), or takes them as they are: then a mapped
  /// file stays mapped.
  CodeRows(const Codec& codec, const Array<uint8_t>& codes, const Context& context);

  int64_t size() const { return num_rows_; }
  bool in_blocks() const { return layout_.has_value(); }
  /// Bytes held: blocks are whole.
  int64_t size_bytes() const { return data_.size(); }
  int64_t num_blocks() const { return (num_rows_ + kFastScanLanes - 1) / kFastScanLanes; }
  /// Of rows in blocks: 32 b is the first row of block b. The next blocks follow.
  const uint8_t* block(int64_t b) const { return data_.data() + b * code_bytes_ * kFastScanLanes; }
  /// Of rows one behind the other: the next rows follow.
  const uint8_t* rows_from(int64_t row) const { return data_.data() + row * code_bytes_; }
  /// Writes the code of a row.
  void read(int64_t row, uint8_t* code) const;
  /// All codes, one behind the other.
  Array<uint8_t> codes() const;
  /// Adds codes that lie one behind the other.
  void append(const Array<uint8_t>& codes);
  /// Keeps these rows alone, ascending.
  void keep(std::span<const int64_t> rows);

 private:
  int64_t code_bytes_ = 0, num_rows_ = 0;
  std::optional<BlockLayout> layout_;
  Array<uint8_t> data_;
};

}  // namespace whitney::codec
