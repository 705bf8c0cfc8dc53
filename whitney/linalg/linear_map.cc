#include "whitney/linalg/linear_map.h"

namespace whitney {

LinearMap sparse_map(const Context& context, const SparseView& matrix, const SparseView& transposed) {
  const auto product = [&context](const SparseView& sparse) {
    return [&context, sparse](const MatrixView& dense, float* out) {
      multiply_sparse(context, sparse, {}, dense, out);
    };
  };
  return {matrix.rows, matrix.cols, product(matrix), product(transposed)};
}

LinearMap symmetric_map(const Context& context, const SparseView& matrix) {
  return sparse_map(context, matrix, matrix);
}

}  // namespace whitney
