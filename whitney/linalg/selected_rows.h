#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "whitney/core/matrix.h"

namespace whitney {

/// Copies some rows of a float32 view, in the order of their numbers, packed.
template <class Integer>
Matrix selected_rows(const MatrixView& matrix, std::span<const Integer> rows) {
  Matrix selected(std::ssize(rows), matrix.cols);
  float* next = selected.mutable_data<float>();
  for (const Integer row : rows)
    next = std::ranges::copy(matrix.row<float>(static_cast<int64_t>(row)), next).out;
  return selected;
}

}  // namespace whitney
