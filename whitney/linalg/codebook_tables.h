#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/linalg/distance.h"

namespace whitney {

/// Centroids that codebook_table takes at a time: their number is a multiple of it.
inline constexpr int64_t kCodebookLanes = 16;

/// Writes the kernel's value of a part of a query and each of `size` centroids of `width` values, which are
/// kept column by column: value i of centroid j is columns[i * size + j]. Sums run over the values in order.
/// On this thread. (Centroids of 4 values one by one take ten times as long: the sum within a vector.)
WHITNEY_API void codebook_table(Kernel kernel, const float* query, const float* columns, int64_t width,
                                int64_t size, float* out);

}  // namespace whitney
