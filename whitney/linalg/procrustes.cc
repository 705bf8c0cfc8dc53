#include "whitney/linalg/procrustes.h"

#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/column_products.h"
#include "whitney/linalg/small_decompositions.h"

namespace whitney {

Matrix procrustes(const Context& context, const MatrixView& a, const MatrixView& b) {
  if (a.cols != b.cols || a.rows != b.rows) {
    fail("cannot turn rows of ", a.rows, " x ", a.cols, " values to those of ", b.rows, " x ", b.cols,
         " (expected: equal shapes)");
  }
  const int64_t d = a.cols;
  const SmallSvd svd = small_svd(column_products(context, a, b), d, d);
  Matrix result(d, d);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < d; ++i) {
    for (int64_t j = 0; j < d; ++j) {
      double sum = 0;
      for (int64_t k = 0; k < d; ++k)
        sum += svd.left[static_cast<size_t>(i * d + k)] * svd.right[static_cast<size_t>(j * d + k)];
      out[i * d + j] = static_cast<float>(sum);
    }
  }
  return result;
}

}  // namespace whitney
