#pragma once

#include <cstdint>

#include "whitney/core/api.h"

namespace whitney {

/// The greatest of some values, the first place where it stands, and the greatest of the others (-infinity
/// where there is none; the same again where it stands twice).
struct TwoBest {
  float first = 0;
  float second = 0;
  uint32_t place = 0;
};

/// Finds the two greatest of each of `rows` rows, which begin `stride` values apart. No value may be NaN;
/// cols is a multiple of 16, above 0: missing values are -infinity.
WHITNEY_API void two_best_of_rows(const float* values, int64_t rows, int64_t cols, int64_t stride,
                                  TwoBest* out);

}  // namespace whitney
