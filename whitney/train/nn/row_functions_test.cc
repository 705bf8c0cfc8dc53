#include "whitney/train/nn/row_functions.h"

#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error.h"
#include "whitney/train/nn/functions_cases_test.h"
#include "whitney/train/nn/table_look_up.h"

namespace whitney::nn {
namespace {

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

TEST(RowFunctions, ByTorchAreThoseOfOurKernels) {
  const torch::Tensor table = leaf({5, 3}, 1), rows = leaf({6, 3}, 2);
  const torch::Tensor indices = indices_of({4, 0, 4, 2, 2, 4});
  expect_alike([&] { return gather_rows(table, indices, {}); },
               [&] { return gather_rows_by_torch(table, indices); }, table);
  expect_alike([&] { return scatter_add_rows(rows, indices, 5, {}); },
               [&] { return scatter_add_rows_by_torch(rows, indices, 5); }, rows);
  expect_alike([&] { return table_look_up(table, indices, {}); },
               [&] { return table_look_up_by_torch(table, indices); }, table);
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

}  // namespace
}  // namespace whitney::nn
