#pragma once

#include "whitney/core/context.h"
#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// Functions of rows whose sums are taken in a fixed order, so that their bytes do not depend on threads; on
/// other devices than the processor they are those by torch, whose sums have no order.
/// Tensors are float32 or float64; indices and offsets int64 on the processor, within bounds (checked, an
/// InternalError).

/// Row indices[i] of `table` (n x d) for each i: m x d. Gradient: scatter_add_rows.
torch::Tensor gather_rows(const torch::Tensor& table, const torch::Tensor& indices, const Context& context);

/// Sums row i of `rows` (m x d) into row indices[i] of num_rows: those of an index in the order of i.
/// Gradient: gather_rows.
torch::Tensor scatter_add_rows(const torch::Tensor& rows, const torch::Tensor& indices, int64_t num_rows,
                               const Context& context);

/// The same by torch, on any device.
torch::Tensor gather_rows_by_torch(const torch::Tensor& table, const torch::Tensor& indices);
torch::Tensor scatter_add_rows_by_torch(const torch::Tensor& rows, const torch::Tensor& indices,
                                        int64_t num_rows);

/// Row s is the sum, or the mean, of rows [offsets[s], offsets[s + 1]) of `rows`; of none it is zero.
torch::Tensor segment_sum(const torch::Tensor& rows, const torch::Tensor& offsets, const Context& context);
torch::Tensor segment_mean(const torch::Tensor& rows, const torch::Tensor& offsets, const Context& context);

/// The sum of weights[i] rows[i] over a segment; weights: m. Gradients by both.
torch::Tensor segment_weighted_sum(const torch::Tensor& rows, const torch::Tensor& weights,
                                   const torch::Tensor& offsets, const Context& context);

}  // namespace whitney::nn
