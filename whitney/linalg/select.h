#pragma once

#include <cstdint>

namespace whitney {

/// Writes the positions of keys[0..n) that are at most `limit`, ascending, into `positions` (room for n +
/// 16), and returns how many. NaN is never at most anything.
int64_t select_at_most(const float* keys, int64_t n, float limit, uint32_t* positions);

/// As select_at_most, of the values that are not below `limit`: NaN, too, so that whoever looks at what was
/// selected finds it.
int64_t select_not_below(const float* values, int64_t n, float limit, uint32_t* positions);

/// Selects, of the keys add + values[i] * multiply, those that are at most limits[i], as above.
int64_t select_keys_at_most(const float* values, int64_t n, float multiply, float add, const float* limits,
                            uint32_t* positions);

}  // namespace whitney
