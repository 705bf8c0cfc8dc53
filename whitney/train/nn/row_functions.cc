#include "whitney/train/nn/row_functions.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/train/nn/linear_function.h"

namespace whitney::nn {
namespace {

constexpr int64_t kBlockRows = 512;

std::span<const int64_t> numbers_of(const torch::Tensor& tensor) {
  WHITNEY_CHECK(tensor.dim() == 1 && tensor.scalar_type() == torch::kInt64 && tensor.device().is_cpu() &&
                    tensor.is_contiguous(),
                "indices are a contiguous vector of int64 on the processor");
  return {tensor.const_data_ptr<int64_t>(), static_cast<size_t>(tensor.size(0))};
}

void check_indices(const torch::Tensor& indices, int64_t num_rows) {
  for (const int64_t index : numbers_of(indices)) {
    WHITNEY_CHECK(index >= 0 && index < num_rows, "index ", index, " of ", num_rows, " rows");
  }
}

template <class T>
torch::Tensor gathered(const torch::Tensor& table, const torch::Tensor& indices, const Context& context) {
  const auto rows = numbers_of(indices);
  const int64_t width = table.size(1);
  torch::Tensor result = torch::empty({std::ssize(rows), width}, table.options());
  const auto* from = table.const_data_ptr<T>();
  auto* out = result.mutable_data_ptr<T>();
  parallel_blocks(context, std::ssize(rows), kBlockRows, [&](int64_t begin, int64_t end) {
    // Rows lie anywhere in tables beyond the caches: the beginnings of some are asked for ahead.
    constexpr int64_t kAhead = 16;
    for (int64_t i = begin; i < end; ++i) {
      __builtin_prefetch(from +
                         rows[static_cast<size_t>(std::min(i + kAhead, std::ssize(rows) - 1))] * width);
      std::copy_n(from + rows[static_cast<size_t>(i)] * width, width, out + i * width);
    }
  });
  return result;
}

/// The places of each index, in order: a counting sort.
struct Places {
  std::vector<int64_t> offsets;
  std::vector<int64_t> places;
};
Places places_of(std::span<const int64_t> indices, int64_t num_rows) {
  Places result{std::vector<int64_t>(static_cast<size_t>(num_rows) + 2),
                std::vector<int64_t>(indices.size())};
  // Counts stand one place ahead, so that filling a row's places moves its begin to where it ends.
  for (const int64_t index : indices) ++result.offsets[static_cast<size_t>(index) + 2];
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.begin());
  for (size_t i = 0; i < indices.size(); ++i) {
    result.places[static_cast<size_t>(result.offsets[static_cast<size_t>(indices[i]) + 1]++)] =
        static_cast<int64_t>(i);
  }
  return result;
}

template <class T>
torch::Tensor scattered(const torch::Tensor& rows, const torch::Tensor& indices, int64_t num_rows,
                        const Context& context) {
  const int64_t width = rows.size(1);
  const Places places = places_of(numbers_of(indices), num_rows);
  torch::Tensor result = torch::empty({num_rows, width}, rows.options());
  const auto* from = rows.const_data_ptr<T>();
  auto* out = result.mutable_data_ptr<T>();
  parallel_blocks(context, num_rows, kBlockRows, [&](int64_t begin, int64_t end) {
    std::fill(out + begin * width, out + end * width, T(0));
    for (int64_t row = begin; row < end; ++row) {
      const auto first = static_cast<size_t>(places.offsets[static_cast<size_t>(row)]),
                 last = static_cast<size_t>(places.offsets[static_cast<size_t>(row) + 1]);
      for (size_t p = first; p < last; ++p) {
        const T* source = from + places.places[p] * width;
        for (int64_t c = 0; c < width; ++c) out[row * width + c] += source[c];
      }
    }
  });
  return result;
}

torch::Tensor gather(const torch::Tensor& given, const torch::Tensor& indices, const Context& context) {
  const torch::Tensor table = given.contiguous();
  if (table.scalar_type() == torch::kFloat64) return gathered<double>(table, indices, context);
  WHITNEY_CHECK(table.scalar_type() == torch::kFloat32, "rows are float32 or float64");
  return gathered<float>(table, indices, context);
}

torch::Tensor scatter(const torch::Tensor& given, const torch::Tensor& indices, int64_t num_rows,
                      const Context& context) {
  const torch::Tensor rows = given.contiguous();
  if (rows.scalar_type() == torch::kFloat64) return scattered<double>(rows, indices, num_rows, context);
  WHITNEY_CHECK(rows.scalar_type() == torch::kFloat32, "rows are float32 or float64");
  return scattered<float>(rows, indices, num_rows, context);
}

/// The segment of each row.
torch::Tensor segments_of(const torch::Tensor& rows, const torch::Tensor& offsets) {
  const auto bounds = numbers_of(offsets);
  WHITNEY_CHECK(!bounds.empty() && bounds.front() == 0 && bounds.back() == rows.size(0) &&
                    std::ranges::is_sorted(bounds),
                "offsets rise from 0 to the number of rows, ", rows.size(0));
  torch::Tensor segments = torch::empty({rows.size(0)}, torch::kInt64);
  auto* out = segments.mutable_data_ptr<int64_t>();
  for (size_t s = 0; s + 1 < bounds.size(); ++s) {
    std::fill(out + bounds[s], out + bounds[s + 1], static_cast<int64_t>(s));
  }
  return segments;
}

Context without_progress(Context context) {
  context.progress = nullptr;
  return context;
}

}  // namespace

torch::Tensor gather_rows(const torch::Tensor& table, const torch::Tensor& indices, const Context& context) {
  const int64_t num_rows = table.size(0);
  check_indices(indices, num_rows);
  if (!table.device().is_cpu()) return gather_rows_by_torch(table, indices);
  const Context quiet = without_progress(context);
  return linear_function(
      table, [=](const torch::Tensor& x) { return gather(x, indices, quiet); },
      [=](const torch::Tensor& g) { return scatter(g, indices, num_rows, quiet); });
}

torch::Tensor scatter_add_rows(const torch::Tensor& rows, const torch::Tensor& indices, int64_t num_rows,
                               const Context& context) {
  WHITNEY_CHECK(rows.size(0) == indices.size(0), rows.size(0), " rows for ", indices.size(0), " indices");
  check_indices(indices, num_rows);
  if (!rows.device().is_cpu()) return scatter_add_rows_by_torch(rows, indices, num_rows);
  const Context quiet = without_progress(context);
  return linear_function(
      rows, [=](const torch::Tensor& x) { return scatter(x, indices, num_rows, quiet); },
      [=](const torch::Tensor& g) { return gather(g, indices, quiet); });
}

torch::Tensor gather_rows_by_torch(const torch::Tensor& table, const torch::Tensor& indices) {
  return table.index_select(0, indices.to(table.device()));
}

torch::Tensor scatter_add_rows_by_torch(const torch::Tensor& rows, const torch::Tensor& indices,
                                        int64_t num_rows) {
  return torch::zeros({num_rows, rows.size(1)}, rows.options()).index_add(0, indices.to(rows.device()), rows);
}

torch::Tensor segment_sum(const torch::Tensor& rows, const torch::Tensor& offsets, const Context& context) {
  return scatter_add_rows(rows, segments_of(rows, offsets), offsets.size(0) - 1, context);
}

torch::Tensor segment_mean(const torch::Tensor& rows, const torch::Tensor& offsets, const Context& context) {
  const int64_t num_segments = offsets.size(0) - 1;
  const torch::Tensor counts = offsets.slice(0, 1) - offsets.slice(0, 0, num_segments);
  return segment_sum(rows, offsets, context) / counts.clamp_min(1).to(rows.options()).unsqueeze(1);
}

torch::Tensor segment_weighted_sum(const torch::Tensor& rows, const torch::Tensor& weights,
                                   const torch::Tensor& offsets, const Context& context) {
  WHITNEY_CHECK(weights.dim() == 1 && weights.size(0) == rows.size(0), "a weight for each of ", rows.size(0),
                " rows");
  return segment_sum(rows * weights.unsqueeze(1), offsets, context);
}

}  // namespace whitney::nn
