#pragma once

#include <cstdint>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// The first of packed rows that holds a NaN or an infinite value, or -1. Runs at memory speed.
int64_t first_not_finite(const Context& context, const MatrixView& rows);

}  // namespace whitney
