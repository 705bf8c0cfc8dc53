#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"

namespace whitney {

/// Computes the inner products of the columns of two tall matrices, A^T B in float64, p x q row by row. a: n
/// x p, b: n x q float32, any strides. Rows are summed in blocks that depend on the shapes only: the same
/// bytes for any number of threads. Products of float32 are exact in float64, so that a Gram matrix tells
/// directions apart that float32 sums would call equal. O(n p q) time; parts of all blocks: 34 MB, or four of
/// p q numbers where these are more. Throws Error when the numbers of rows differ.
WHITNEY_API std::vector<double> column_products(const Context& context, const MatrixView& a,
                                                const MatrixView& b);

/// The Gram matrix A^T A, p x p, exactly symmetric, at about half the cost.
WHITNEY_API std::vector<double> column_products(const Context& context, const MatrixView& a);

}  // namespace whitney
