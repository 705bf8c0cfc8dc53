#include "whitney/train/nn/table_look_up.h"

#include <algorithm>
#include <functional>
#include <span>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/grouped_rows.h"
#include "whitney/train/nn/linear_function.h"
#include "whitney/train/nn/row_functions.h"

namespace whitney::nn {
namespace {

torch::Tensor sparse_rows(const torch::Tensor& rows, const torch::Tensor& values, at::IntArrayRef shape) {
  return torch::sparse_coo_tensor(rows.unsqueeze(0), values, shape, values.options().layout(torch::kSparse))
      ._coalesced_(true);
}

/// Rows of equal index summed, on the processor; float64 by sums of one index after another.
torch::Tensor summed(const torch::Tensor& indices, const torch::Tensor& given, at::IntArrayRef shape,
                     const Context& context) {
  const torch::Tensor values = given.contiguous();
  const auto* index = indices.const_data_ptr<int64_t>();
  const std::vector<uint32_t> keys(index, index + indices.size(0));
  const GroupedPlaces groups = grouped_places(keys);
  torch::Tensor rows = torch::empty({groups.num_groups()}, torch::kInt64);
  std::copy(groups.keys.begin(), groups.keys.end(), rows.mutable_data_ptr<int64_t>());
  torch::Tensor sums = torch::zeros({groups.num_groups(), values.size(1)}, values.options());
  if (values.scalar_type() == torch::kFloat32) {
    sum_groups(context, groups, values.const_data_ptr<float>(), values.size(1),
               sums.mutable_data_ptr<float>());
    return sparse_rows(rows, sums, shape);
  }
  WHITNEY_CHECK(values.scalar_type() == torch::kFloat64, "rows are float32 or float64");
  torch::Tensor group_of = torch::empty({indices.size(0)}, torch::kInt64);
  for (size_t g = 0; g < groups.keys.size(); ++g) {
    for (auto p = static_cast<size_t>(groups.offsets[g]); p < static_cast<size_t>(groups.offsets[g + 1]);
         ++p) {
      group_of.mutable_data_ptr<int64_t>()[groups.places[p]] = static_cast<int64_t>(g);
    }
  }
  return sparse_rows(rows, scatter_add_rows(values, group_of, groups.num_groups(), context), shape);
}

}  // namespace

torch::Tensor coalesced_rows(const torch::Tensor& sparse, const Context& context) {
  if (sparse.is_coalesced() || !sparse.device().is_cpu()) return sparse.coalesce();
  const torch::Tensor rows = sparse._indices()[0].contiguous();
  // Autograd forgets that a gradient is coalesced.
  const std::span<const int64_t> numbers(rows.const_data_ptr<int64_t>(), static_cast<size_t>(rows.size(0)));
  if (std::ranges::adjacent_find(numbers, std::greater_equal<>()) == numbers.end()) {
    return sparse_rows(rows, sparse._values(), sparse.sizes());
  }
  return summed(rows, sparse._values(), sparse.sizes(), context);
}

torch::Tensor table_look_up(const torch::Tensor& table, const torch::Tensor& indices,
                            const Context& context) {
  if (!table.device().is_cpu()) return table_look_up_by_torch(table, indices);
  Context quiet = context;
  quiet.progress = nullptr;
  const std::vector<int64_t> shape = table.sizes().vec();
  const auto forwards = [=](const torch::Tensor& x) {
    const torch::NoGradGuard no_gradients;
    return gather_rows(x, indices, quiet);
  };
  const auto backwards = [=](const torch::Tensor& g) {
    return summed(indices.contiguous(), g, shape, quiet);
  };
  return linear_function(table, forwards, backwards);
}

torch::Tensor table_look_up_by_torch(const torch::Tensor& table, const torch::Tensor& indices) {
  const torch::Tensor there = indices.to(table.device());
  const std::vector<int64_t> shape = table.sizes().vec();
  return linear_function(
      table, [there](const torch::Tensor& x) { return x.index_select(0, there); },
      [there, shape](const torch::Tensor& g) {
        return torch::sparse_coo_tensor(there.unsqueeze(0), g, shape).coalesce();
      });
}

}  // namespace whitney::nn
