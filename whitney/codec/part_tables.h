#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "whitney/linalg/fast_scan.h"

namespace whitney::codec {

/// By how much a sum of the numbers in four chains may differ from an exact one: each addition rounds.
inline float rounding_of_sums(const FastScanTables& tables) {
  constexpr float kTwoUnits = 1.0F / (1 << 23);
  const int64_t num_additions = tables.num_parts / 4 + 4;
  return static_cast<float>(num_additions) * kTwoUnits * tables.size;
}

/// Tables of 16 numbers for codes of 4 bits a part, packed as linalg/fast_scan.h has it: sums of one code in
/// float32, and of 32 at once in 8 bits a number, which tell between what the former lie.
class PartTables {
 public:
  /// 16 numbers a part.
  explicit PartTables(std::vector<float> tables)
      : tables_(std::move(tables)), quantized_(quantize_tables(tables_)) {
    tables_.resize(static_cast<size_t>(fast_scan_code_bytes(quantized_.num_parts) * 32));
  }
  const FastScanTables& quantized() const { return quantized_; }
  /// By how much `sum` may differ from an exact sum.
  float rounding() const { return rounding_of_sums(quantized_); }
  float sum(const uint8_t* code) const {
    // Four sums at a time: the loads of the next do not wait for the additions before.
    float sums[4] = {};
    const float* table = tables_.data();
    const int64_t num_bytes = fast_scan_code_bytes(quantized_.num_parts);
    int64_t b = 0;
    for (; b + 2 <= num_bytes; b += 2, table += 64) {
      sums[0] += table[code[b] & 15];
      sums[1] += table[16 + (code[b] >> 4)];
      sums[2] += table[32 + (code[b + 1] & 15)];
      sums[3] += table[48 + (code[b + 1] >> 4)];
    }
    if (b < num_bytes) {
      sums[0] += table[code[b] & 15];
      sums[1] += table[16 + (code[b] >> 4)];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
  }

 private:
  std::vector<float> tables_;
  FastScanTables quantized_;
};

}  // namespace whitney::codec
