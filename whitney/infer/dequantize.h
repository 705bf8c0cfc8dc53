#pragma once

#include <cstddef>
#include <cstdint>

#include "whitney/infer/weight_type.h"

namespace whitney::infer {

/// Writes `num_values` values, whole blocks that stand at `bytes` without alignment, as float32. Each is the
/// value that PyPI's `gguf` gives, bit for bit, at every SIMD level. The type must be readable.
void dequantize(WeightType type, const std::byte* bytes, int64_t num_values, float* out);

}  // namespace whitney::infer
