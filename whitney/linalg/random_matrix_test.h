#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "whitney/core/matrix.h"
#include "whitney/linalg/each_level_test.h"

namespace whitney {

/// rows x cols float32 drawn at random, another one for each item.
inline Matrix random_matrix(int64_t rows, int64_t cols, uint64_t item) {
  Matrix result(rows, cols);
  const std::vector<float> values = random_floats(rows * cols, item, 1);
  std::memcpy(result.mutable_data<float>(), values.data(), values.size() * sizeof(float));
  return result;
}

inline double at(const Matrix& matrix, int64_t i, int64_t j) {
  return matrix.row<float>(i)[static_cast<size_t>(j)];
}

}  // namespace whitney
