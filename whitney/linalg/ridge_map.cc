#include "whitney/linalg/ridge_map.h"

#include <eigen3/Eigen/Cholesky>
#include <eigen3/Eigen/Core>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/column_products.h"

namespace whitney {

Matrix ridge_map(const Context& context, const MatrixView& a, const MatrixView& b, double ridge) {
  if (a.rows != b.rows) {
    fail("cannot map ", a.rows, " rows to ", b.rows, " (expected: equally many)");
  }
  if (!(ridge > 0)) fail("cannot map rows with a ridge of ", ridge, " (expected: more than 0)");
  using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const std::vector<double> gram = column_products(context, a), cross = column_products(context, a, b);
  Rows left = Eigen::Map<const Rows>(gram.data(), a.cols, a.cols);
  const Eigen::Map<const Rows> right(cross.data(), a.cols, b.cols);
  if (!left.allFinite() || !right.allFinite()) fail("cannot map rows that hold NaN or infinite values");
  const double mean = left.trace() / static_cast<double>(a.cols);
  Matrix result = Matrix::zeros(a.cols, b.cols);
  if (!(mean > 0)) return result;  // nothing is known of any direction
  left.diagonal().array() += ridge * mean;
  const Rows solved = left.llt().solve(right);
  auto* out = result.mutable_data<float>();
  for (int64_t i = 0; i < a.cols; ++i) {
    for (int64_t j = 0; j < b.cols; ++j) out[i * b.cols + j] = static_cast<float>(solved(i, j));
  }
  return result;
}

}  // namespace whitney
