#include "whitney/train/nn/sparse_product.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error.h"
#include "whitney/train/nn/functions_cases_test.h"

namespace whitney::nn {
namespace {

// (5 0 7; 0 0 0; 8 9 0)
const SparseMatrix kSmall{3, {0, 2, 2, 4}, {0, 2, 0, 1}, {5, 7, 8, 9}};

TEST(SparseProduct, IsComputedByHandAndHasTheTransposeAsItsGradient) {
  const SparseOperator matrix(kSmall);
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const torch::Tensor x =
        torch::tensor({1., 2., 3., 4., 5., 6.}).reshape({3, 2}).to(dtype).requires_grad_();
    const torch::Tensor y = sparse_product(matrix, x, {});
    expect_values(y, {40, 52, 0, 0, 35, 52});
    y.sum().backward();
    expect_values(x.grad(), {13, 13, 9, 9, 7, 7});
    expect_values(sparse_product(matrix.transposed(), x.detach(), {}), {45, 58, 45, 54, 7, 14});
  }
  const torch::Tensor x = leaf({3, 2}, 1);
  expect_right([&] { return weighed(sparse_product(matrix, x, {}).square()); }, {x});
}

TEST(SparseProduct, ByTorchIsThatOfOurKernels) {
  SparseMatrix ones = kSmall;
  ones.weights.clear();
  for (const SparseOperator& matrix : {SparseOperator(kSmall), SparseOperator(ones)}) {
    for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
      const torch::Tensor x = numbers({3, 5}, 1, dtype).requires_grad_(),
                          same = x.detach().clone().requires_grad_();
      const torch::Tensor ours = sparse_product(matrix, x, {}),
                          theirs = sparse_product_by_torch(matrix, same);
      EXPECT_TRUE(torch::allclose(theirs, ours, 1e-5, 1e-6));
      weighed(ours).backward();
      weighed(theirs).backward();
      EXPECT_TRUE(torch::allclose(same.grad(), x.grad(), 1e-5, 1e-6));
    }
    const torch::Tensor x = leaf({3, 2}, 1);
    expect_right([&] { return weighed(sparse_product_by_torch(matrix, x).square()); }, {x});
  }
  EXPECT_THROW(sparse_product_by_torch(SparseOperator(kSmall), torch::ones({2, 2})), InternalError);
}

TEST(SparseProduct, ByTorchCopiesTheMatrixOnceForEachDeviceAndType) {
  const SparseOperator matrix(kSmall), copy = matrix;
  const auto values = [](const SparseOperator& of, torch::Dtype dtype) {
    return of.as_tensor(torch::TensorOptions(dtype)).values().data_ptr();
  };
  EXPECT_EQ(values(matrix, torch::kFloat64), values(copy, torch::kFloat64));
  EXPECT_EQ(values(matrix.transposed().transposed(), torch::kFloat64), values(matrix, torch::kFloat64));
  EXPECT_NE(values(matrix, torch::kFloat32), values(matrix, torch::kFloat64));
  EXPECT_NE(values(matrix.transposed(), torch::kFloat32), values(matrix, torch::kFloat32));
  EXPECT_TRUE(matrix.as_tensor(torch::kMeta).is_meta());
}

TEST(SparseProduct, GivesTheSameBytesAtAnyNumberOfThreads) {
  SparseMatrix large{700, {0}, {}, {}};
  RandomStream random(42, "large", 0);
  for (int64_t row = 0; row < 9000; ++row) {
    for (uint64_t i = random.below(12); i > 0; --i) {
      large.columns.push_back(static_cast<uint32_t>(random.below(700)));
      large.weights.push_back(static_cast<float>(random.normal()));
    }
    large.offsets.push_back(std::ssize(large.columns));
  }
  const SparseOperator matrix(std::move(large));
  const auto function = [&](const torch::Tensor& x, const Context& context) {
    return sparse_product(matrix, x, context);
  };
  expect_the_same_bytes(numbers({700, 9}, 3, torch::kFloat32), function);
  expect_the_same_bytes(numbers({700, 3}, 3), function);
}

}  // namespace
}  // namespace whitney::nn
