#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// Gives the transpose of a float32 matrix, which may be a part of another's columns, packed.
WHITNEY_API Matrix transposed(const Context& context, const MatrixView& matrix);

}  // namespace whitney
