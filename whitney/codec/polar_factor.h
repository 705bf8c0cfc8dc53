#pragma once

#include <optional>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney::codec {

/// Computes the orthogonal matrix that is nearest to a square one: U V^T of its singular value decomposition
/// U S V^T, up to 1e-5 of Q Q^T = I. Nothing where a singular value is so small beside the largest (1e-9)
/// that there is none. By Newton and Schulz's iteration, products of the dense kernel alone: O(d^3) each. The
/// same bytes for any number of threads.
WHITNEY_API std::optional<Matrix> polar_factor(const MatrixView& matrix, const Context& context);

/// Transposes a float32 view.
WHITNEY_API Matrix transposed(const MatrixView& matrix);

}  // namespace whitney::codec
