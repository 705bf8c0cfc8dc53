#pragma once

#include <algorithm>
#include <cstdint>

namespace whitney {

/// Entries of a row are summed in blocks of this many, so that the error of a hub's sum grows with the number
/// of blocks and not of entries.
inline constexpr int64_t kSumBlock = 4096;

/// Rows longer than this are cut in parts of this many entries, which threads share; the parts are added in
/// order.
inline constexpr int64_t kPartEntries = 16 * kSumBlock;

/// A product's operands in the form that the kernel reads.
struct SparseRows {
  const int64_t* offsets = nullptr;
  const uint32_t* columns = nullptr;
  const float* weights = nullptr;  // may be null
  int64_t num_entries = 0;
  const float* dense = nullptr;
  int64_t stride = 0;
  int64_t width = 0;
  const float* row_scale = nullptr;  // may be null
  float* out = nullptr;
  /// Entries between the one that is added and the one whose dense row is asked for.
  int64_t distance = 0;
  /// True when results go past the caches (aligned, and too many to be found there again).
  bool stream = false;
};

/// What one task sums: the entries in [entry_begin, entry_end) of rows [row_begin, row_end); into `part`,
/// unscaled, when it is a part of a long row.
struct SparseWork {
  int64_t row_begin = 0;
  int64_t row_end = 0;
  int64_t entry_begin = 0;
  int64_t entry_end = 0;
  float* part = nullptr;
};

/// About as many lines as a core keeps in flight, in rows of `width` columns of which a tile is read at once.
inline int64_t prefetch_distance(int64_t width) {
  constexpr int64_t kLinesAhead = 64, kTileLines = 8;
  return std::clamp(kLinesAhead / std::clamp((width + 15) / 16, int64_t{1}, kTileLines), int64_t{4},
                    int64_t{32});
}

}  // namespace whitney
