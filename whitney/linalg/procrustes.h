#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// Computes the orthogonal matrix Q (d x d float32) that takes the rows of `a` nearest to those of `b`: Q = U
/// V^T of the singular value decomposition A^T B = U S V^T minimises the Frobenius norm of A Q - B
/// (Schoenemann 1966). Reflections are allowed. a, b: n x d float32; row i of both is one thing. Directions
/// that the rows do not span are completed to an orthogonal matrix. O(n d^2 + d^3) time; the same bytes for
/// any number of threads. Throws Error when the shapes differ or a value is not finite.
WHITNEY_API Matrix procrustes(const Context& context, const MatrixView& a, const MatrixView& b);

}  // namespace whitney
