#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// The one door to dense products. Computes out (m x n, packed) = a (m x k) * b^T, where b is n x k, float32.
/// Row i of the result depends only on row i of a, on b and on the SIMD level: never on m or the threads.
WHITNEY_API void multiply_transposed(const Context& context, const MatrixView& a, const MatrixView& b,
                                     float* out);

}  // namespace whitney
