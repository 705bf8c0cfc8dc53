#include "whitney/train/nn/sparse_product.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/linear_function.h"

namespace whitney::nn {
namespace {

void check_shape(const SparseMatrix& matrix, const torch::Tensor& dense) {
  WHITNEY_CHECK(dense.dim() == 2 && dense.size(0) == matrix.cols, "a product of ", matrix.cols,
                " columns with ", dense.dim() == 2 ? dense.size(0) : -1, " rows");
}

/// A view of the matrix's values, which it must outlive.
template <class Value>
torch::Tensor view_of(const std::vector<Value>& values, torch::Dtype dtype) {
  return torch::from_blob(const_cast<void*>(static_cast<const void*>(values.data())), {std::ssize(values)},
                          dtype);
}

/// Sparse CSR tensors are young: torch would print so.
struct Unsaid : c10::WarningHandler {
  void process(const c10::Warning& /*warning*/) override {}
};

torch::Tensor csr_tensor(const SparseMatrix& matrix, const torch::TensorOptions& type) {
  Unsaid unsaid;
  const c10::WarningUtils::WarningHandlerGuard guard(&unsaid);
  const torch::Tensor columns = view_of(matrix.columns, torch::kUInt32).to(torch::kInt64);
  const torch::Tensor weights = matrix.weights.empty() ? torch::ones({columns.size(0)}, torch::kFloat32)
                                                       : view_of(matrix.weights, torch::kFloat32);
  return torch::sparse_csr_tensor(view_of(matrix.offsets, torch::kInt64).to(type.device()),
                                  columns.to(type.device()),
                                  weights.to(type.device(), type.dtype().toScalarType()),
                                  {matrix.rows(), matrix.cols}, type.layout(torch::kSparseCsr));
}

torch::Tensor product(const SparseMatrix& matrix, const torch::Tensor& given, const Context& context) {
  check_shape(matrix, given);
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
    : matrix_(std::make_shared<const Kept>(std::move(matrix))), transpose_(matrix_) {
  if (is_symmetric) return;
  SparseMatrix turned;
  whitney::transpose(matrix_->own.view(), turned);
  transpose_ = std::make_shared<const Kept>(std::move(turned));
}

torch::Tensor SparseOperator::as_tensor(const torch::TensorOptions& like) const {
  const auto type = torch::TensorOptions().dtype(like.dtype()).device(like.device());
  const std::scoped_lock lock(matrix_->mutex);
  for (const torch::Tensor& tensor : matrix_->tensors) {
    if (tensor.device() == type.device() && tensor.dtype() == type.dtype()) return tensor;
  }
  return matrix_->tensors.emplace_back(csr_tensor(matrix_->own, type));
}

torch::Tensor sparse_product(const SparseOperator& matrix, const torch::Tensor& dense,
                             const Context& context) {
  if (!dense.device().is_cpu()) return sparse_product_by_torch(matrix, dense);
  Context quiet = context;
  quiet.progress = nullptr;
  return linear_function(
      dense, [matrix, quiet](const torch::Tensor& x) { return product(matrix.matrix(), x, quiet); },
      [matrix, quiet](const torch::Tensor& g) { return product(matrix.transpose(), g, quiet); });
}

torch::Tensor sparse_product_by_torch(const SparseOperator& matrix, const torch::Tensor& dense) {
  check_shape(matrix.matrix(), dense);
  const auto times = [](const SparseOperator& operand) {
    return [operand](const torch::Tensor& x) { return torch::matmul(operand.as_tensor(x.options()), x); };
  };
  return linear_function(dense, times(matrix), times(matrix.transposed()));
}

}  // namespace whitney::nn
