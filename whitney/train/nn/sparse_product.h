#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "whitney/core/context.h"
#include "whitney/linalg/sparse_matrix.h"
#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// A constant sparse matrix that tensors are multiplied with, and its transpose, which gradients are. Copies
/// share it.
class SparseOperator {
 public:
  /// Keeps the matrix; makes the transpose, or takes the matrix for it where that is said.
  explicit SparseOperator(SparseMatrix matrix, bool is_symmetric = false);

  const SparseMatrix& matrix() const { return *matrix_; }
  const SparseMatrix& transpose() const { return *transpose_; }
  /// The other way around.
  SparseOperator transposed() const { return SparseOperator(transpose_, matrix_); }
  int64_t rows() const { return matrix_->rows(); }
  int64_t cols() const { return matrix_->cols; }

 private:
  using Shared = std::shared_ptr<const SparseMatrix>;
  SparseOperator(Shared matrix, Shared transpose)
      : matrix_(std::move(matrix)), transpose_(std::move(transpose)) {}
  Shared matrix_, transpose_;
};

/// S X of a cols x d tensor X (float32 or float64): rows x d. Gradient: S^T times that of the result. Entries
/// of a row are added in order on our own kernel (linalg/sparse.h), so that bytes do not depend on threads;
/// on another device than the processor by torch's product of a sparse CSR tensor. Throws InternalError for
/// another shape.
torch::Tensor sparse_product(const SparseOperator& matrix, const torch::Tensor& dense,
                             const Context& context);

/// The same outside of autograd for float64, in which gradients are checked, by a plain loop: out (rows x
/// width) = S dense, and addend, which may be null, or `out`.
void multiply_doubles(const Context& context, const SparseView& sparse, const double* dense, int64_t width,
                      double* out, const double* addend = nullptr);

}  // namespace whitney::nn
