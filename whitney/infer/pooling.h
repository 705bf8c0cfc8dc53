#pragma once

#include <cstdint>
#include <span>

#include "whitney/infer/model_folder.h"

namespace whitney::infer {

/// Width of the vectors that `modes` make of states of width `dim`: one piece each, side by side.
inline int64_t pooled_dim(std::span<const PoolingMode> modes, int64_t dim) { return std::ssize(modes) * dim; }

/// Makes one vector of `rows` >= 0 token states (rows x dim, packed), mode after mode, of pooled_dim()
/// values; zeros when there are none. For the weighted mean (Muennighoff 2022, arXiv 2202.08904) row i of
/// 1..rows weighs places_before + i: a prompt that is left out keeps its places. Sums run over the rows in
/// order, in float32.
/// `weights`: empty, or one a row (idf, say), as sentence-transformers' WordWeights takes them: every mode
/// gets states times weights, and the means divide by the sum of the weights, which counts for 1e-9 at least.
void pool(std::span<const PoolingMode> modes, const float* states, int64_t rows, int64_t dim,
          std::span<const float> weights, float* out, int64_t places_before = 0);

}  // namespace whitney::infer
