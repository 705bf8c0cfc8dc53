#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

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

  const SparseMatrix& matrix() const { return matrix_->own; }
  const SparseMatrix& transpose() const { return transpose_->own; }
  /// The other way around.
  SparseOperator transposed() const { return SparseOperator(transpose_, matrix_); }
  int64_t rows() const { return matrix().rows(); }
  int64_t cols() const { return matrix().cols; }
  /// The matrix as torch's sparse CSR tensor (rows x cols), where and of the type that `like` says: made when
  /// it is first asked for, and kept. Safe from several threads.
  torch::Tensor as_tensor(const torch::TensorOptions& like) const;

 private:
  struct Kept {
    explicit Kept(SparseMatrix matrix) : own(std::move(matrix)) {}
    const SparseMatrix own;
    mutable std::mutex mutex;
    mutable std::vector<torch::Tensor> tensors;
  };
  using Shared = std::shared_ptr<const Kept>;
  SparseOperator(Shared matrix, Shared transpose)
      : matrix_(std::move(matrix)), transpose_(std::move(transpose)) {}
  Shared matrix_, transpose_;
};

/// S X of a cols x d tensor X (float32 or float64): rows x d. Gradient: S^T times that of the result. Entries
/// of a row are added in order on our own kernel (linalg/sparse.h), so that bytes do not depend on threads;
/// on another device than the processor it is sparse_product_by_torch. Throws InternalError for another
/// shape.
torch::Tensor sparse_product(const SparseOperator& matrix, const torch::Tensor& dense,
                             const Context& context);

/// The same by torch's product of a sparse CSR tensor, on the device of `dense`.
torch::Tensor sparse_product_by_torch(const SparseOperator& matrix, const torch::Tensor& dense);

/// The same outside of autograd for float64, in which gradients are checked, by a plain loop: out (rows x
/// width) = S dense, and addend, which may be null, or `out`.
void multiply_doubles(const Context& context, const SparseView& sparse, const double* dense, int64_t width,
                      double* out, const double* addend = nullptr);

}  // namespace whitney::nn
