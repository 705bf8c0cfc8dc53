#pragma once

#include <cstdint>

namespace whitney::codec {

/// Bytes before the signs of a code: centroid (1), |r| (float32, negative for a zero vector), <o_bar, o> and
/// <o_bar, R c> over the largest norm of a centroid (float16). In a block each field of 32 codes lies
/// together.
inline constexpr int64_t kRabitqHead = 9;
/// A smaller <o_bar, o> counts as this.
inline constexpr float kLeastCosine = 1e-6F;

/// What keys of a block's codes depend on besides the codes, for one query. With a = <o_bar, o>, S = <sign, R
/// q>:
///   key = square |r|^2 + centre_keys[c] - |r| / a (along S - centre <o_bar, R c>) + (zero, of a zero vector)
///   bound = bound |r| sqrt(1 / a^2 - 1) centre_roots[c]
struct RabitqBlockTerms {
  int64_t num_centroids = 0;
  const float* centre_keys = nullptr;
  /// Null: without bounds.
  const float* centre_roots = nullptr;
  /// S = base + step * (sum of entries), up to sum_error; no partial sum exceeds sum_size.
  float step = 0, base = 0, sum_error = 0, sum_size = 0;
  float square = 0, along = 0, centre = 0, zero = 0, bound = 0;
};

/// Writes the least and the greatest key of each lane of `num_blocks` blocks (CodeScorer::key_ranges) from
/// the sums of entries that fast_scan_sums gave.
void rabitq_key_ranges(const uint8_t* blocks, int64_t block_bytes, int64_t num_blocks, const uint32_t* sums,
                       const RabitqBlockTerms& terms, float* least, float* greatest);

}  // namespace whitney::codec
