#pragma once

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// Computes the matrix W (p x q float32) that takes the rows of `a` to those of `b` in the least squares,
/// with a penalty: W minimises |A W - B|^2 + ridge m |W|^2 (Frobenius norms), where m is the mean of the
/// squared norms of A's columns, so that ridge has no unit (Hoerl & Kennard 1970). a: n x p, b: n x q
/// float32; row i of both is one thing. O(n p q + p^3) time; the same bytes for any number of threads. Throws
/// Error when the numbers of rows differ, ridge is not positive or a value is not finite.
WHITNEY_API Matrix ridge_map(const Context& context, const MatrixView& a, const MatrixView& b, double ridge);

}  // namespace whitney
