#include "whitney/linalg/transposed.h"

#include "whitney/core/parallel.h"

namespace whitney {

Matrix transposed(const Context& context, const MatrixView& matrix) {
  Matrix result(matrix.cols, matrix.rows);
  float* out = result.mutable_data<float>();
  parallel_blocks(context, matrix.cols, 16, [&](int64_t begin, int64_t end) {  // a line of each row
    for (int64_t i = 0; i < matrix.rows; ++i) {
      const float* row = matrix.row<float>(i).data();
      for (int64_t j = begin; j < end; ++j) out[j * matrix.rows + i] = row[j];
    }
  });
  return result;
}

}  // namespace whitney
