#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney {

/// Shifts and scales each column of `matrix` (rows x cols float32, row-major, packed) in place to mean 0 and
/// population deviation 1; a column whose values are all equal becomes 0. Sums are taken in float64, in
/// blocks of rows that depend on the number of rows only: the same bytes for any number of threads. O(rows
/// cols), three passes over memory.
WHITNEY_API void standardize_columns(const Context& context, float* matrix, int64_t rows, int64_t cols);

}  // namespace whitney
