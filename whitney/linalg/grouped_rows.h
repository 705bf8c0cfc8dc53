#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney {

/// Places 0..n-1 by their key: group g holds places[offsets[g] .. offsets[g + 1]) ascending, whose key is
/// keys[g]; keys ascend.
struct GroupedPlaces {
  std::vector<uint32_t> keys;
  std::vector<int64_t> offsets;
  std::vector<uint32_t> places;
  int64_t num_groups() const { return static_cast<int64_t>(keys.size()); }
};

/// Groups by a stable sort on the bytes of the keys: O(n), not of the largest key. Throws Error beyond 2^32
/// keys.
WHITNEY_API GroupedPlaces grouped_places(std::span<const uint32_t> keys);

/// Sums the rows (n x d, float32) of each group in the order of places: num_groups x d. The same bytes at any
/// number of threads.
WHITNEY_API void sum_groups(const Context& context, const GroupedPlaces& groups, const float* rows,
                            int64_t dim, float* out);

}  // namespace whitney
