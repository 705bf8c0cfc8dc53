#include "whitney/codec/block_layout.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace whitney::codec {
namespace {

// Calls body(offset within a code, bytes) for each field; in a block it begins at 32 times the offset.
template <class Body>
void each_field(const std::vector<int64_t>& fields, const Body& body) {
  int64_t offset = 0;
  for (const int64_t bytes : fields) {
    body(offset, bytes);
    offset += bytes;
  }
}

}  // namespace

int64_t BlockLayout::head_bytes() const { return std::accumulate(fields.begin(), fields.end(), int64_t{0}); }

void BlockLayout::pack(const uint8_t* codes, int64_t count, uint8_t* block) const {
  const int64_t head = head_bytes(), stride = code_bytes();
  if (count < kFastScanLanes) std::fill_n(block, head * kFastScanLanes, uint8_t{0});
  each_field(fields, [&](int64_t offset, int64_t bytes) {
    uint8_t* out = block + offset * kFastScanLanes;
    for (int64_t lane = 0; lane < count; ++lane) {
      for (int64_t i = 0; i < bytes; ++i) *out++ = codes[lane * stride + offset + i];
    }
  });
  if (num_parts > 0)
    pack_fast_scan_block(codes + head, stride, count, num_parts, block + head * kFastScanLanes);
}

void BlockLayout::write(const uint8_t* code, int64_t lane, uint8_t* block) const {
  each_field(fields, [&](int64_t offset, int64_t bytes) {
    std::memcpy(block + offset * kFastScanLanes + lane * bytes, code + offset, static_cast<size_t>(bytes));
  });
  const int64_t head = head_bytes();
  write_fast_scan_lane(code + head, num_parts, lane, block + head * kFastScanLanes);
}

void BlockLayout::read(const uint8_t* block, int64_t lane, uint8_t* code) const {
  each_field(fields, [&](int64_t offset, int64_t bytes) {
    std::memcpy(code + offset, block + offset * kFastScanLanes + lane * bytes, static_cast<size_t>(bytes));
  });
  const int64_t head = head_bytes();
  read_fast_scan_lane(block + head * kFastScanLanes, num_parts, lane, code + head);
}

}  // namespace whitney::codec
