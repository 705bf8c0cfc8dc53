#pragma once

#include "whitney/core/context.h"
#include "whitney/train/nn/torch.h"

namespace whitney::nn {

/// Row indices[i] of an embedding table (n x d, float32 or float64) for each i: m x d. As gather_rows, but
/// the gradient is sparse, of the rows that were looked up alone (a coalesced COO tensor, rows ascending,
/// those of a row summed in the order of i): optimisers touch these rows only, and nothing is as large as the
/// table. indices: int64 on the processor, n below 2^32.
torch::Tensor table_look_up(const torch::Tensor& table, const torch::Tensor& indices, const Context& context);

/// The same by torch, on any device; what table_look_up is elsewhere than on the processor.
torch::Tensor table_look_up_by_torch(const torch::Tensor& table, const torch::Tensor& indices);

/// The coalesced form of sparse rows: as they are, or summed in the order in which they are stored.
torch::Tensor coalesced_rows(const torch::Tensor& sparse, const Context& context);

}  // namespace whitney::nn
