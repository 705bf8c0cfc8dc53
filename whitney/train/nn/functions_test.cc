// Functions of autograd on our own kernels: values by hand, gradients by central differences, and the same
// bytes at any number of threads.

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "whitney/linalg/each_level_test.h"
#include "whitney/train/nn/gradient_check.h"
#include "whitney/train/nn/losses.h"
#include "whitney/train/nn/row_functions.h"
#include "whitney/train/nn/sparse_product.h"
#include "whitney/train/nn/table_look_up.h"

namespace whitney::nn {
namespace {

// (5 0 7; 0 0 0; 8 9 0)
const SparseMatrix kSmall{3, {0, 2, 2, 4}, {0, 2, 0, 1}, {5, 7, 8, 9}};

/// Numbers of both signs that do not depend on torch's generator.
torch::Tensor numbers(std::vector<int64_t> shape, uint64_t item, torch::Dtype dtype = torch::kFloat64) {
  int64_t n = 1;
  for (const int64_t size : shape) n *= size;
  const std::vector<float> values = random_floats(n, item, 1);
  return torch::tensor(values).reshape(shape).to(dtype).clone();
}

torch::Tensor leaf(std::vector<int64_t> shape, uint64_t item) {
  return numbers(std::move(shape), item).requires_grad_();
}

torch::Tensor indices_of(std::vector<int64_t> values) { return torch::tensor(values, torch::kInt64); }

/// A scalar that weighs each value otherwise, so that no two gradients are alike by chance.
torch::Tensor weighed(const torch::Tensor& values) {
  return (values * numbers(values.sizes().vec(), 99, values.scalar_type())).sum();
}

void expect_right(const std::function<torch::Tensor()>& function, const std::vector<torch::Tensor>& inputs) {
  const GradientCheck check = check_gradients(function, inputs);
  EXPECT_LT(check.worst_error, 1e-6) << check.where;
}

void expect_values(const torch::Tensor& tensor, const std::vector<double>& expected) {
  const torch::Tensor flat = tensor.detach().to(torch::kFloat64).flatten();
  ASSERT_EQ(flat.size(0), std::ssize(expected));
  for (int64_t i = 0; i < flat.size(0); ++i) {
    EXPECT_NEAR(flat[i].item<double>(), expected[static_cast<size_t>(i)], 1e-6) << "element " << i;
  }
}

/// Bytes of value and gradient at 1, 2 and 5 threads.
void expect_the_same_bytes(
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

TEST(GradientCheck, FindsAWrongGradient) {
  const torch::Tensor x = leaf({5}, 1);
  expect_right([&] { return (x * x * x).sum(); }, {x});
  const GradientCheck check = check_gradients([&] { return (x * x.detach()).sum(); }, {x});
  EXPECT_NEAR(check.worst_error, 1.0 / 3, 1e-4) << check.where;  // x where it is 2 x: (2 - 1) / (2 + 1)
  EXPECT_NE(check.where.find("input 0, element"), std::string::npos);
}

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

TEST(RowFunctions, GatherAndScatterAreComputedByHand) {
  const torch::Tensor table = torch::tensor({1., 2., 3., 4., 5., 6.}).reshape({3, 2}).requires_grad_();
  const torch::Tensor indices = indices_of({2, 0, 2});
  const torch::Tensor rows = gather_rows(table, indices, {});
  expect_values(rows, {5, 6, 1, 2, 5, 6});
  (rows * torch::tensor({1., 1., 10., 10., 100., 100.}).reshape({3, 2})).sum().backward();
  expect_values(table.grad(), {10, 10, 0, 0, 101, 101});
  expect_values(scatter_add_rows(table.detach(), indices, 4, {}), {3, 4, 0, 0, 6, 8, 0, 0});
  EXPECT_THROW(gather_rows(table, indices_of({3}), {}), InternalError);
}

TEST(RowFunctions, SegmentsAreSummedByHandAndEmptyOnesAreZero) {
  const torch::Tensor rows = torch::tensor({1., 2., 3., 4., 5., 6.}).reshape({3, 2});
  const torch::Tensor offsets = indices_of({0, 2, 2, 3});
  expect_values(segment_sum(rows, offsets, {}), {4, 6, 0, 0, 5, 6});
  expect_values(segment_mean(rows, offsets, {}), {2, 3, 0, 0, 5, 6});
  expect_values(segment_weighted_sum(rows, torch::tensor({2., -1., 10.}), offsets, {}),
                {-1, 0, 0, 0, 50, 60});
  EXPECT_THROW(segment_sum(rows, indices_of({0, 2}), {}), InternalError);
}

TEST(RowFunctions, GradientsAgreeWithCentralDifferences) {
  const torch::Tensor table = leaf({5, 3}, 1), rows = leaf({6, 3}, 2), weights = leaf({6}, 3);
  const torch::Tensor indices = indices_of({4, 0, 4, 2, 2, 4}), offsets = indices_of({0, 1, 1, 4, 6});
  expect_right([&] { return weighed(gather_rows(table, indices, {}).square()); }, {table});
  expect_right([&] { return weighed(scatter_add_rows(rows, indices, 5, {}).square()); }, {rows});
  expect_right([&] { return weighed(segment_sum(rows, offsets, {}).square()); }, {rows});
  expect_right([&] { return weighed(segment_mean(rows, offsets, {}).square()); }, {rows});
  expect_right([&] { return weighed(segment_weighted_sum(rows, weights, offsets, {}).square()); },
               {rows, weights});
  expect_right([&] { return weighed(table_look_up(table, indices, {}).square()); }, {table});
}

TEST(RowFunctions, GiveTheSameBytesAtAnyNumberOfThreads) {
  RandomStream random(42, "indices", 0);
  std::vector<int64_t> places(5000), bounds = {0};
  for (int64_t& place : places) place = static_cast<int64_t>(random.below(1100));
  while (bounds.back() < 1500)
    bounds.push_back(std::min<int64_t>(1500, bounds.back() + static_cast<int64_t>(random.below(5))));
  const torch::Tensor indices = indices_of(places), offsets = indices_of(bounds);
  const torch::Tensor table = numbers({1500, 7}, 4, torch::kFloat32);
  expect_the_same_bytes(table, [&](const torch::Tensor& x, const Context& context) {
    return gather_rows(x, indices, context);
  });
  expect_the_same_bytes(table, [&](const torch::Tensor& x, const Context& context) {
    return scatter_add_rows(x, indices.slice(0, 0, 1500), 1100, context);
  });
  expect_the_same_bytes(table, [&](const torch::Tensor& x, const Context& context) {
    return segment_mean(x, offsets, context);
  });
  expect_the_same_bytes(table, [&](const torch::Tensor& x, const Context& context) {
    return table_look_up(x, indices, context);
  });
}

TEST(TableLookUp, HasAGradientOfTheRowsThatWereLookedUpAlone) {
  const torch::Tensor table = torch::zeros({1000, 2}).requires_grad_();
  const torch::Tensor rows = table_look_up(table, indices_of({700, 3, 700}), {});
  (rows * torch::tensor({1., 2., 3., 4., 5., 6.}).reshape({3, 2})).sum().backward();
  ASSERT_TRUE(table.grad().is_sparse());
  expect_values(table.grad()._indices(), {3, 700});
  EXPECT_TRUE(coalesced_rows(table.grad(), {}).is_coalesced());
  expect_values(table.grad()._values(), {3, 4, 6, 8});
  // A second use adds up.
  (table_look_up(table, indices_of({3, 5}), {}) * 10).sum().backward();
  const torch::Tensor sum = coalesced_rows(table.grad(), {});
  expect_values(sum._indices(), {3, 5, 700});
  expect_values(sum._values(), {13, 14, 10, 10, 6, 8});
}

TEST(Losses, BprIsTheMeanLogOfLogisticsAndDoesNotOverflow) {
  const torch::Tensor positive = torch::tensor({1., 0., 200., -1000.}).requires_grad_(),
                      negative = torch::zeros({4});
  const torch::Tensor loss = bpr_loss(positive, negative);
  // ln(1 + 1/e) = 0.3132617, ln 2 = 0.6931472, 0, 1000.
  EXPECT_NEAR(loss.item<double>(), (0.3132617 + 0.6931472 + 1000) / 4, 1e-4);
  loss.backward();
  expect_values(positive.grad(), {-0.2689414 / 4, -0.125, 0, -0.25});
  const torch::Tensor a = leaf({4, 3}, 1), b = leaf({4, 3}, 2), c = leaf({4, 3}, 3);
  expect_right([&] { return bpr_loss(row_products(a, b), row_products(a, c)) + half_squares({a, b}, 4); },
               {a, b, c});
  expect_values(half_squares({torch::tensor({1., 2.}), torch::tensor({3.})}, 7), {1});
}

}  // namespace
}  // namespace whitney::nn
