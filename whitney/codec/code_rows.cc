#include "whitney/codec/code_rows.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::codec {
namespace {

// Blocks that one task lays.
constexpr int64_t kTaskBlocks = 256;

}  // namespace

CodeRows::CodeRows(const Codec& codec, const Array<uint8_t>& codes, const Context& context)
    : code_bytes_(codec.code_bytes()),
      num_rows_(code_bytes_ == 0 ? 0 : codes.size() / code_bytes_),
      layout_(codec.block_layout()) {
  if (!layout_) {
    data_ = codes;
    return;
  }
  WHITNEY_CHECK(layout_->code_bytes() == code_bytes_, "blocks of codes of ", layout_->code_bytes(),
                " bytes, not ", code_bytes_);
  data_ = Array<uint8_t>(num_blocks() * layout_->block_bytes());
  uint8_t* out = data_.mutable_data();
  parallel_blocks(context, num_blocks(), kTaskBlocks, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      const int64_t first = b * kFastScanLanes;
      layout_->pack(codes.data() + first * code_bytes_, std::min(kFastScanLanes, num_rows_ - first),
                    out + b * layout_->block_bytes());
    }
  });
}

void CodeRows::read(int64_t row, uint8_t* code) const {
  if (layout_)
    layout_->read(block(row / kFastScanLanes), row % kFastScanLanes, code);
  else
    std::memcpy(code, rows_from(row), static_cast<size_t>(code_bytes_));
}

Array<uint8_t> CodeRows::codes() const {
  if (!layout_) return data_;
  Array<uint8_t> result(num_rows_ * code_bytes_);
  if (result.empty()) return result;
  uint8_t* out = result.mutable_data();
  for (int64_t row = 0; row < num_rows_; ++row) read(row, out + row * code_bytes_);
  return result;
}

void CodeRows::append(const Array<uint8_t>& codes) {
  const int64_t added = code_bytes_ == 0 ? 0 : codes.size() / code_bytes_, before = num_rows_;
  if (added == 0) return;
  num_rows_ += added;
  Array<uint8_t> result(layout_ ? num_blocks() * layout_->block_bytes() : num_rows_ * code_bytes_);
  uint8_t* out = result.mutable_data();
  if (!data_.empty()) std::memcpy(out, data_.data(), static_cast<size_t>(data_.size()));
  if (layout_) {
    std::fill(out + data_.size(), out + result.size(), uint8_t{0});
    for (int64_t i = 0; i < added; ++i) {
      const int64_t row = before + i;
      layout_->write(codes.data() + i * code_bytes_, row % kFastScanLanes,
                     out + row / kFastScanLanes * layout_->block_bytes());
    }
  } else {
    std::memcpy(out + data_.size(), codes.data(), static_cast<size_t>(codes.size()));
  }
  data_ = std::move(result);
}

void CodeRows::keep(std::span<const int64_t> rows) {
  const auto n = std::ssize(rows);
  Array<uint8_t> result(layout_ ? (n + kFastScanLanes - 1) / kFastScanLanes * layout_->block_bytes()
                                : n * code_bytes_);
  uint8_t* out = result.empty() ? nullptr : result.mutable_data();
  std::vector<uint8_t> some(static_cast<size_t>(kFastScanLanes * code_bytes_));
  for (int64_t begin = 0; begin < n; begin += kFastScanLanes) {
    const int64_t count = std::min(kFastScanLanes, n - begin);
    for (int64_t i = 0; i < count; ++i)
      read(rows[static_cast<size_t>(begin + i)], some.data() + i * code_bytes_);
    if (layout_)
      layout_->pack(some.data(), count, out + begin * code_bytes_);
    else
      std::memcpy(out + begin * code_bytes_, some.data(), static_cast<size_t>(count * code_bytes_));
  }
  data_ = std::move(result);
  num_rows_ = n;
}

}  // namespace whitney::codec
