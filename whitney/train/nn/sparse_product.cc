#include "whitney/train/nn/sparse_product.h"

#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/linear_function.h"

namespace whitney::nn {
namespace {

/// By torch, on the device of `dense`.
torch::Tensor product_elsewhere(const SparseMatrix& matrix, const torch::Tensor& dense) {
  const auto copied = [](const auto& values, torch::Dtype dtype) {
    return torch::from_blob(const_cast<void*>(static_cast<const void*>(values.data())),
                            {static_cast<int64_t>(values.size())}, dtype);
  };
  const torch::Tensor offsets = copied(matrix.offsets, torch::kInt64);
  const torch::Tensor columns = copied(matrix.columns, torch::kUInt32).to(torch::kInt64);
  const torch::Tensor weights = matrix.weights.empty() ? torch::ones({columns.size(0)}, torch::kFloat32)
                                                       : copied(matrix.weights, torch::kFloat32);
  const torch::Tensor sparse = torch::sparse_csr_tensor(
      offsets.to(dense.device()), columns.to(dense.device()), weights.to(dense.device(), dense.scalar_type()),
      {matrix.rows(), matrix.cols}, dense.options().layout(torch::kSparseCsr));
  return torch::matmul(sparse, dense);
}

/// In float64, in which gradients are checked: a plain loop.
torch::Tensor product_of_doubles(const SparseMatrix& matrix, const torch::Tensor& dense,
                                 const Context& context) {
  const int64_t width = dense.size(1);
  torch::Tensor result = torch::zeros({matrix.rows(), width}, dense.options());
  const auto* from = dense.const_data_ptr<double>();
  auto* out = result.mutable_data_ptr<double>();
  constexpr int64_t kBlock = 256;
  parallel_blocks(context, matrix.rows(), kBlock, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto first = static_cast<size_t>(matrix.offsets[static_cast<size_t>(row)]),
                 last = static_cast<size_t>(matrix.offsets[static_cast<size_t>(row) + 1]);
      for (size_t e = first; e < last; ++e) {
        const double weight = matrix.weights.empty() ? 1.0 : matrix.weights[e];
        for (int64_t c = 0; c < width; ++c) {
          out[row * width + c] += weight * from[matrix.columns[e] * width + c];
        }
      }
    }
  });
  return result;
}

torch::Tensor product(const SparseMatrix& matrix, const torch::Tensor& given, const Context& context) {
  WHITNEY_CHECK(given.dim() == 2 && given.size(0) == matrix.cols, "a product of ", matrix.cols,
                " columns with ", given.dim() == 2 ? given.size(0) : -1, " rows");
  if (!given.device().is_cpu()) return product_elsewhere(matrix, given);
  const torch::Tensor dense = given.contiguous();
  if (dense.scalar_type() == torch::kFloat64) return product_of_doubles(matrix, dense, context);
  WHITNEY_CHECK(dense.scalar_type() == torch::kFloat32, "a sparse product takes float32 or float64");
  const int64_t width = dense.size(1);
  torch::Tensor result = torch::empty({matrix.rows(), width}, dense.options());
  multiply_sparse(context, matrix.view(), {},
                  {dense.const_data_ptr<float>(), matrix.cols, width, width, DType::kF32},
                  result.mutable_data_ptr<float>());
  return result;
}

}  // namespace

SparseOperator::SparseOperator(SparseMatrix matrix, bool is_symmetric)
    : matrix_(std::make_shared<const SparseMatrix>(std::move(matrix))), transpose_(matrix_) {
  if (is_symmetric) return;
  SparseMatrix turned;
  whitney::transpose(matrix_->view(), turned);
  transpose_ = std::make_shared<const SparseMatrix>(std::move(turned));
}

torch::Tensor sparse_product(const SparseOperator& matrix, const torch::Tensor& dense,
                             const Context& context) {
  Context quiet = context;
  quiet.progress = nullptr;
  return linear_function(
      dense, [matrix, quiet](const torch::Tensor& x) { return product(matrix.matrix(), x, quiet); },
      [matrix, quiet](const torch::Tensor& g) { return product(matrix.transpose(), g, quiet); });
}

}  // namespace whitney::nn
