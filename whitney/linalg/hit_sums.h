#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// A relevant element of a ranking: its rank, from 0, and the group that it belongs to.
struct Hit {
  uint32_t rank, group;
};

/// What a ranking has found of several sets so far, side by side, `width` of them, a multiple of 8: how many
/// elements of each, and the sum of (found down to the rank) * factors[rank] over their ranks, which is R
/// times the average precision for factors of 1 / (rank + 1).
struct HitSums {
  std::span<double> found, sum;
};

/// Adds hits, by rank, to the sums of all sets. members[group * width + set] is 1 where the set holds the
/// group, else 0. The same sums at every SIMD level.
WHITNEY_API void add_hits(std::span<const Hit> hits, std::span<const double> members,
                          std::span<const double> factors, HitSums sums);

}  // namespace whitney
