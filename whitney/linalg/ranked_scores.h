#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// The least of the scores whose mark is not 0; NaN where one of these is NaN or none is marked.
WHITNEY_API float least_marked(std::span<const float> scores, std::span<const uint8_t> marks);

/// What pack_scores found.
struct PackedScores {
  int64_t count = 0;
  /// -infinity of none.
  float greatest = 0;
};

/// Writes the scores that are not below `least`, in order, and their places, but that of `skipped`. NaN is
/// below all; a `least` of NaN takes every score, and then `greatest` means nothing. Both outputs have room
/// for 16 more than there are scores.
WHITNEY_API PackedScores pack_scores(std::span<const float> scores, float least, uint32_t skipped,
                                     float* out_scores, uint32_t* out_places);

/// Writes out[i] = floor((greatest - scores[i]) * scale), at most `last`: which of equally wide buckets from
/// the greatest score down a score falls into. Scores are finite and not above `greatest`, products below
/// 2^31. A lower score never gets a lower bucket.
WHITNEY_API void bucket_scores(std::span<const float> scores, float greatest, float scale, uint32_t last,
                               uint32_t* out);

}  // namespace whitney
