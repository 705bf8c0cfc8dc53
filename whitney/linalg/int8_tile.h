#pragma once

#include <cstdint>

#include "whitney/linalg/int8_weights.h"

namespace whitney {

/// Packed weights and where the results go: what the int8 kernel is asked for. `codes`, `scales`, `sums` and
/// `bias` (or null) begin at the first of `num_panels` panels, `out` at its column.
struct Int8Task {
  const int8_t* codes;
  const float* scales;
  const int32_t* sums;
  const float* bias;
  int64_t num_panels;
  /// Of the weights: columns of the result, and terms in groups of four.
  int64_t num_columns;
  int64_t num_groups;
  Epilogue epilogue;
  float* out;
  int64_t out_stride;
};

/// Rows of weights in a panel.
inline constexpr int64_t kInt8PanelRows = 48;

/// Computes what a task asks for of rows [first, last) of `a`; `out` is the place of row `first`. On this
/// thread.
void multiply_int8(const QuantizedRows& a, int64_t first, int64_t last, const Int8Task& task);

/// Writes the codes of a row, its scale and its zero point.
void quantize_row(const float* row, int64_t size, uint8_t* codes, float& scale, int32_t& zero);

}  // namespace whitney
