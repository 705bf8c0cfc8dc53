#include "whitney/train/nn/sparse_product.h"

#include <algorithm>
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

torch::Tensor product(const SparseMatrix& matrix, const torch::Tensor& given, const Context& context) {
  WHITNEY_CHECK(given.dim() == 2 && given.size(0) == matrix.cols, "a product of ", matrix.cols,
                " columns with ", given.dim() == 2 ? given.size(0) : -1, " rows");
  if (!given.device().is_cpu()) return product_elsewhere(matrix, given);
  const torch::Tensor dense = given.contiguous();
  const bool is_double = dense.scalar_type() == torch::kFloat64;
  WHITNEY_CHECK(is_double || dense.scalar_type() == torch::kFloat32,
                "a sparse product takes float32 or float64");
  const int64_t width = dense.size(1);
  torch::Tensor result = torch::empty({matrix.rows(), width}, dense.options());
  if (is_double) {
    multiply_doubles(context, matrix.view(), dense.const_data_ptr<double>(), width,
                     result.mutable_data_ptr<double>());
    return result;
  }
  multiply_sparse(context, matrix.view(), {},
                  {dense.const_data_ptr<float>(), matrix.cols, width, width, DType::kF32},
                  result.mutable_data_ptr<float>());
  return result;
}

}  // namespace

void multiply_doubles(const Context& context, const SparseView& sparse, const double* dense, int64_t width,
                      double* out, const double* addend) {
  constexpr int64_t kBlock = 256;
  parallel_blocks(context, sparse.rows, kBlock, [&](int64_t begin, int64_t end) {
    std::vector<double> sums(static_cast<size_t>(width));
    for (int64_t row = begin; row < end; ++row) {
      std::ranges::fill(sums, 0.0);
      const auto first = static_cast<size_t>(sparse.offsets[static_cast<size_t>(row)]),
                 last = static_cast<size_t>(sparse.offsets[static_cast<size_t>(row) + 1]);
      for (size_t e = first; e < last; ++e) {
        const double weight = sparse.weights.empty() ? 1.0 : sparse.weights[e];
        for (int64_t c = 0; c < width; ++c) {
          sums[static_cast<size_t>(c)] += weight * dense[sparse.columns[e] * width + c];
        }
      }
      for (int64_t c = 0; c < width; ++c) {
        out[row * width + c] =
            sums[static_cast<size_t>(c)] + (addend == nullptr ? 0 : addend[row * width + c]);
      }
    }
  });
}

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
