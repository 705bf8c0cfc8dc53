#pragma once

#include <bit>
#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// Maps scores to keys whose ascending order is that of descending scores: 0 and -0 are equal, NaN is last.
inline uint32_t descending_key(float score) {
  const uint32_t bits = std::bit_cast<uint32_t>(score + 0.0F);  // -0 becomes 0
  const uint32_t key = bits ^ (~static_cast<uint32_t>(static_cast<int32_t>(bits) >> 31) & 0x7FFFFFFFU);
  return score == score ? key : ~uint32_t{0};
}
WHITNEY_API void descending_keys(std::span<const float> scores, uint32_t* out);

/// The number of bytes that are `value`.
WHITNEY_API int64_t count_equal(std::span<const uint8_t> bytes, uint8_t value);

/// The least of the scores whose mark is not 0; NaN where one of these is NaN or none is marked.
WHITNEY_API float least_marked(std::span<const float> scores, std::span<const uint8_t> marks);

/// Writes the scores that are not below `least`, in order, and their places, but that of `skipped`, and gives
/// how many there are. NaN is below all; a `least` of NaN takes every score. Both outputs have room for 16
/// more than there are scores.
WHITNEY_API int64_t pack_scores(std::span<const float> scores, float least, uint32_t skipped,
                                float* out_scores, uint32_t* out_places);

/// Where scores lie: their mean, and the mean distance to it. Not finite where a score or their sum is not;
/// the last digits depend on the SIMD level.
struct ScoreSpread {
  float mean = 0, deviation = 0;
};
WHITNEY_API ScoreSpread spread_of(std::span<const float> scores);

/// Writes which of `num_buckets` buckets, from high scores to low ones, each score falls into. With x its
/// distance above the mean and c 0.7 of the deviation, the share of buckets before it is c / (2 (c + x)), and
/// 1 - c / (2 (c - x)) below the mean: even for the bell with long tails that products of vectors have, where
/// buckets of one width would hold most of them in a few. A lower score never gets a lower bucket. The spread
/// is finite, with a deviation above 0; there are at most 2^24 buckets.
WHITNEY_API void bucket_scores(std::span<const float> scores, ScoreSpread spread, uint32_t num_buckets,
                               uint32_t* out);

/// Sorts entries, ascending, of which none is far from its place: neighbours change places until all stand in
/// order. O(n d) where the farthest is d places off.
WHITNEY_API void sort_nearly_sorted(std::span<uint64_t> entries);

}  // namespace whitney
