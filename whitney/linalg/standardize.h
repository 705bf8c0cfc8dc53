#pragma once

#include <cstdint>
#include <functional>

#include "whitney/core/api.h"
#include "whitney/core/context.h"

namespace whitney {

/// Shifts and scales each column of `matrix` (rows x cols float32, row-major, packed) in place to mean 0 and
/// population deviation 1; a column whose values are all equal becomes 0. Moments are taken in float64, in
/// blocks of rows that depend on the shape only: the same bytes for any number of threads. O(rows cols), two
/// passes over memory.
WHITNEY_API void standardize_columns(const Context& context, float* matrix, int64_t rows, int64_t cols);

/// Writes rows [begin, end) of a matrix. Called for disjoint ranges, from several threads.
using FillRows = std::function<void(int64_t begin, int64_t end)>;

/// As standardize_columns, over the rows that hold a value that is not 0; zero rows stay zero: they are no
/// observation, and minus the mean over the deviation would give all of them one and the same made-up vector.
/// `fill`, where it is given, writes the rows first, a few at a time, which saves a pass over memory. Gives
/// the number of rows that are not zero.
WHITNEY_API int64_t standardize_nonzero_rows(const Context& context, float* matrix, int64_t rows,
                                             int64_t cols, const FillRows& fill = {});

}  // namespace whitney
