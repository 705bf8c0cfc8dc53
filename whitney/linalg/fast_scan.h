#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"

namespace whitney {

// FastScan (Andre, Kermarrec, Le Scouarnec 2015): codes of 4 bits a part are compared with a query by tables
// of 16 numbers, one a part. In 8 bits a table fits a register, where one instruction looks up 16 codes.
//
// Codes come packed: byte b of a code holds part 2b in its low half and part 2b + 1 in its high half. A block
// holds the same parts of 32 codes together, 16 bytes a part: the low halves are those of lanes 0, 8, 1, 9,
// ..., 7, 15, the high halves those of the lanes 16 further. The bytes looked up then form 16-bit words whose
// low bytes are 8 neighbouring lanes and whose high bytes the 8 next ones, which adds without shuffling.

/// Codes of a block.
inline constexpr int64_t kFastScanLanes = 32;

/// Bytes of a code of so many parts, and of a block of 32: an odd number takes one more part of 0.
constexpr int64_t fast_scan_code_bytes(int64_t num_parts) { return (num_parts + 1) / 2; }
constexpr int64_t fast_scan_block_bytes(int64_t num_parts) {
  return fast_scan_code_bytes(num_parts) * kFastScanLanes;
}

/// Lays the first `count` (32 at most) of codes that begin `stride_bytes` apart into the lanes of a block;
/// the lanes behind hold 0.
WHITNEY_API void pack_fast_scan_block(const uint8_t* codes, int64_t stride_bytes, int64_t count,
                                      int64_t num_parts, uint8_t* block);
/// Writes the code of one lane and leaves the others as they are, and the reverse.
WHITNEY_API void write_fast_scan_lane(const uint8_t* code, int64_t num_parts, int64_t lane, uint8_t* block);
WHITNEY_API void read_fast_scan_lane(const uint8_t* block, int64_t num_parts, int64_t lane, uint8_t* code);

/// Where the entries of tables of 8 bits begin: each table at its own minimum (finer), or all at the same
/// number.
enum class TableRange { kEach, kAll };

/// Tables in 8 bits: entry = round((number - minimum) / step), at one step for all.
struct WHITNEY_API FastScanTables {
  int64_t num_parts = 0;
  /// 16 a part (or 256: linalg/byte_scan.h), and zeros up to a multiple of 64.
  Array<uint8_t> entries;
  /// The numbers that a code chooses sum up to about base + step * (the sum of their entries).
  float step = 0, base = 0;
  /// By how much that may differ at most: num_parts * step / 2 and what float32 rounds. Infinite where
  /// numbers are, or their range is: entries and base are then 0.
  float error = 0;
  /// The sum of each table's greatest magnitude: what the rounding of sums of the numbers is measured by.
  float size = 0;

  float sum_of(uint32_t entries_sum) const { return base + step * static_cast<float>(entries_sum); }
  /// Lanes of a larger sum of entries have no sum of numbers of at most `limit`, up to `margin`; nothing
  /// where no lane has one.
  std::optional<uint32_t> most_entries(float limit, float margin) const;
};

/// Quantises `tables` of table_size numbers each, one a part; 16, or a multiple of it. The same entries at
/// every SIMD level.
WHITNEY_API FastScanTables quantize_tables(std::span<const float> tables,
                                           TableRange range = TableRange::kEach, int64_t table_size = 16);

/// Makes tables for codes of a bit a coordinate, of which 4 are a part: number j of part m is the sum of the
/// coordinates 4 m + i whose bit i in j is set. Coordinates that are missing in the last part are 0.
WHITNEY_API std::vector<float> subset_sums(std::span<const float> coordinates);

/// Writes, for each of the 32 lanes of `num_blocks` blocks that begin `stride_bytes` apart, the sum of the
/// entries that its code chooses: exact, so the same at every SIMD level, for up to 2^24 parts. On this
/// thread.
WHITNEY_API void fast_scan_sums(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                                const FastScanTables& tables, uint32_t* sums);

/// Finds the lanes whose sum of entries is at most `most`: writes their places, 32 b + lane, ascending, and
/// their sums, and returns how many they are. Both arrays have room for all lanes. Sums of up to 256 parts
/// are compared where they were added, in registers: a lane that is not found costs nothing.
WHITNEY_API int64_t fast_scan_select(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                                     const FastScanTables& tables, uint32_t most, uint32_t* places,
                                     uint32_t* sums);

/// Writes the least and the greatest that the sums of the numbers themselves can be: sum_of less and plus
/// tables.error + `margin`.
WHITNEY_API void fast_scan_ranges(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                                  const FastScanTables& tables, float margin, float* least, float* greatest);

}  // namespace whitney
