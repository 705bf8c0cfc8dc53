#include "whitney/linalg/small_decompositions.h"

#include <eigen3/Eigen/Eigenvalues>
#include <eigen3/Eigen/SVD>

#include "whitney/core/error.h"

namespace whitney {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::MatrixXd matrix_of(std::span<const double> values, int64_t rows, int64_t cols) {
  WHITNEY_CHECK(std::ssize(values) == rows * cols, values.size(), " values of a ", rows, " x ", cols,
                " matrix");
  Eigen::MatrixXd matrix = Eigen::Map<const Rows>(values.data(), rows, cols);
  if (!matrix.allFinite())
    fail("a ", rows, " x ", cols, " matrix to decompose holds a value that is not finite");
  return matrix;
}

std::vector<double> values_of(const Eigen::MatrixXd& matrix) {
  std::vector<double> values(static_cast<size_t>(matrix.size()));
  Eigen::Map<Rows>(values.data(), matrix.rows(), matrix.cols()) = matrix;
  return values;
}

}  // namespace

SmallSvd small_svd(std::span<const double> matrix, int64_t rows, int64_t cols) {
  if (rows == 0 || cols == 0) return {};
  const Eigen::BDCSVD<Eigen::MatrixXd> svd(matrix_of(matrix, rows, cols),
                                           Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {values_of(svd.singularValues()), values_of(svd.matrixU()), values_of(svd.matrixV())};
}

SmallEigen small_symmetric_eigen(std::span<const double> matrix, int64_t n) {
  if (n == 0) return {};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(matrix_of(matrix, n, n));
  if (eigen.info() != Eigen::Success) fail("the eigenvalues of a ", n, " x ", n, " matrix did not converge");
  return {values_of(eigen.eigenvalues().reverse()), values_of(eigen.eigenvectors().rowwise().reverse())};
}

}  // namespace whitney
