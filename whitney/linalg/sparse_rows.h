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
  const float* addend = nullptr;     // may be null, or out
  float* out = nullptr;
  /// For each row the sum of its result's squares; may be null.
  double* squares = nullptr;
  /// Entries between the one that is added and the one whose dense row is asked for.
  int64_t distance = 0;
  /// True when results go past the caches (aligned, and too many to be found there again).
  bool stream = false;
  /// True when rows are asked for into the second-level cache: more of them can be under way than into the
  /// first, which pays when they come from memory.
  bool far = false;
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
inline int64_t prefetch_distance(int64_t width, bool far) {
  constexpr int64_t kTileLines = 8;
  const int64_t lines_ahead = far ? 128 : 64;
  return std::clamp(lines_ahead / std::clamp((width + 15) / 16, int64_t{1}, kTileLines), int64_t{4},
                    int64_t{32});
}

}  // namespace whitney
