#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/train/gnn/sdne_options.h"
#include "whitney/train/nn/torch.h"

namespace whitney::gnn {

/// The rows of the adjacency matrix that a batch rebuilds, and how errors count.
struct RowsToRebuild {
  const Graph* graph = nullptr;
  std::span<const int64_t> nodes;
  /// What 1 of the weights of edges stands for.
  double largest_weight = 1;
  double beta = 1;
  Activation activation = Activation::kTanh;

  double weight_at(int64_t entry) const {
    return graph->weights.empty() ? 1 : graph->weights[entry] / largest_weight;
  }
};

/// sum_i ||(f(inner_i map + bias) - a_i) * b_i||^2 over the nodes of the batch, b_ij = beta at edges, else 1:
/// one number. inner: m x h, map: h x n, bias: n, float32 or float64 on the processor. The last layer is n
/// wide and most of the work, so that this goes over it once, in blocks of outputs that stay in the caches:
/// the products, the activation, the errors, and all three gradients, which are kept for the way back. No
/// m x n matrix is held. The same bytes at any number of threads.
torch::Tensor reconstruction_error(const RowsToRebuild& rows, const torch::Tensor& inner,
                                   const torch::Tensor& map, const torch::Tensor& bias,
                                   const Context& context);

/// The same by torch's operations, on any device; all m x n values are held, and more.
torch::Tensor reconstruction_error_by_torch(const RowsToRebuild& rows, const torch::Tensor& inner,
                                            const torch::Tensor& map, const torch::Tensor& bias);

/// f of each value.
torch::Tensor activated(Activation activation, const torch::Tensor& values);

}  // namespace whitney::gnn
