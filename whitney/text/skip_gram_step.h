#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney::text {

/// Rows of input vectors x and output vectors y, `stride` floats from row to row; both may be one table.
/// Rows begin at 64-byte borders, and what stands between dim and stride is 0 and stays so.
struct SkipGramTables {
  float* inputs = nullptr;
  float* outputs = nullptr;
  int64_t stride = 0;
  /// Asks for the rows of the next step during this one: worth it where the tables are beyond L2.
  bool prefetch = false;
};

/// The targets [begin, end) of one input row.
struct SkipGramRun {
  uint32_t input;
  uint32_t begin;
  uint32_t end;
};

/// Targets that a step takes together: x moves once for all of them.
inline constexpr int64_t kStepTargets = 8;

/// The stride of rows of `dim` values.
inline constexpr int64_t skip_gram_stride(int64_t dim) { return (dim + 15) / 16 * 16; }

/// Descends -sum_t log sigma(+-x.y_t), a logistic regression of the labels (1: seen, 0: noise) by the
/// products: for up to kStepTargets targets at a time, g_t = rate (label_t - sigma(x.y_t)), x += sum_t g_t
/// y_t, y_t += g_t x, all with the values from before the step (of a row that is a target twice, the second
/// time moves what the first one left).
WHITNEY_API void skip_gram_steps(const SkipGramTables& tables, std::span<const SkipGramRun> runs,
                                 std::span<const uint32_t> targets, std::span<const float> labels,
                                 float rate);

}  // namespace whitney::text
