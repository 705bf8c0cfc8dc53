#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/linalg/fast_scan.h"

namespace whitney::codec {

/// How 32 codes lie in a block, which takes as many bytes as they do one behind the other: first the fields
/// that a code begins with, each of all codes together, then parts of 4 bits in the order of
/// linalg/fast_scan.h.
struct WHITNEY_API BlockLayout {
  /// Bytes of each field.
  std::vector<int64_t> fields;
  int64_t num_parts = 0;

  int64_t head_bytes() const;
  int64_t code_bytes() const { return head_bytes() + fast_scan_code_bytes(num_parts); }
  int64_t block_bytes() const { return code_bytes() * kFastScanLanes; }
  /// Lays `count` codes (32 at most), one behind the other, into a block; the lanes behind hold 0.
  void pack(const uint8_t* codes, int64_t count, uint8_t* block) const;
  /// Writes one code among those of a block, and the reverse.
  void write(const uint8_t* code, int64_t lane, uint8_t* block) const;
  void read(const uint8_t* block, int64_t lane, uint8_t* code) const;
};

}  // namespace whitney::codec
