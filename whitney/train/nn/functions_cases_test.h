#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "whitney/linalg/each_level_test.h"
#include "whitney/train/nn/gradient_check.h"

namespace whitney::nn {

/// Numbers of both signs that do not depend on torch's generator.
inline torch::Tensor numbers(std::vector<int64_t> shape, uint64_t item,
                             torch::Dtype dtype = torch::kFloat64) {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  const std::vector<float> values = random_floats(n, item, 1);
  return torch::tensor(values).reshape(shape).to(dtype).clone();
}

inline torch::Tensor leaf(std::vector<int64_t> shape, uint64_t item) {
  return numbers(std::move(shape), item).requires_grad_();
}

inline torch::Tensor indices_of(std::vector<int64_t> values) { return torch::tensor(values, torch::kInt64); }

/// A scalar that weighs each value otherwise, so that no two gradients are alike by chance.
inline torch::Tensor weighed(const torch::Tensor& values) {
  return (values * numbers(values.sizes().vec(), 99, values.scalar_type())).sum();
}

inline void expect_right(const std::function<torch::Tensor()>& function,
                         const std::vector<torch::Tensor>& inputs) {
  const GradientCheck check = check_gradients(function, inputs);
  EXPECT_LT(check.worst_error, 1e-6) << check.where;
}

inline void expect_values(const torch::Tensor& tensor, const std::vector<double>& expected) {
  const torch::Tensor flat = tensor.detach().to(torch::kFloat64).flatten();
  ASSERT_EQ(flat.size(0), std::ssize(expected));
  for (int64_t i = 0; i < flat.size(0); ++i) {
    EXPECT_NEAR(flat[i].item<double>(), expected[static_cast<size_t>(i)], 1e-6) << "element " << i;
  }
}

/// Two ways to the same values and gradients, those of the other by central differences, too.
inline void expect_alike(const std::function<torch::Tensor()>& one,
                         const std::function<torch::Tensor()>& other, const torch::Tensor& input) {
  const auto found = [&](const std::function<torch::Tensor()>& function) {
    input.mutable_grad() = torch::Tensor();
    const torch::Tensor values = function();
    weighed(values).backward();
    return torch::cat({values.detach().flatten(), input.grad().to_dense().flatten()});
  };
  const torch::Tensor expected = found(one), given = found(other);
  ASSERT_EQ(given.sizes(), expected.sizes());
  EXPECT_TRUE(torch::allclose(given, expected, 1e-10, 1e-12)) << (given - expected).abs().max();
  expect_right([&] { return weighed(other().square()); }, {input});
}

/// Bytes of value and gradient at 1, 2 and 5 threads.
inline void expect_the_same_bytes(
    const torch::Tensor& input,
    const std::function<torch::Tensor(const torch::Tensor&, const Context&)>& function) {
  const auto run = [&](int threads) {
    const torch::Tensor x = input.detach().clone().requires_grad_();
    const torch::Tensor y = function(x, with_threads(threads));
    weighed(y).backward();
    return torch::cat({y.detach().flatten(), x.grad().to_dense().flatten()});
  };
  const torch::Tensor one = run(1);
  EXPECT_TRUE(torch::equal(run(2), one));
  EXPECT_TRUE(torch::equal(run(5), one));
}

}  // namespace whitney::nn
