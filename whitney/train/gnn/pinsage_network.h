#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/item_model.h"
#include "whitney/infer/pinsage_model.h"
#include "whitney/train/gnn/pinsage_batch.h"
#include "whitney/train/nn/parameters.h"

namespace whitney::gnn {

/// PinSage's function with parameters that are trained, named and shaped as the weights of its model
/// (infer/pinsage_model.h). Matrices begin by Xavier's uniform law, biases with zeros.
class PinSageNetwork {
 public:
  PinSageNetwork(const infer::PinSageSettings& settings, uint64_t seed, torch::TensorOptions type);

  const nn::Parameters& parameters() const { return parameters_; }

  /// The vectors of the first `num_items` nodes of a local graph (algorithm 2): num_items x d, of length 1
  /// where the settings say so. Sums over neighbours run on all threads, each in a fixed order.
  torch::Tensor forward(const LocalGraph& graph, int64_t num_items, const Context& context) const;

  /// Form, settings and weights, float32; no items.
  ItemModel model() const;

 private:
  torch::Tensor convolve(int64_t k, const LocalGraph& graph, const torch::Tensor& before,
                         const Context& context) const;
  const torch::Tensor& weight(const std::string& name) const { return parameters_.at(name); }

  infer::PinSageSettings settings_;
  nn::Parameters parameters_;
};

/// The largest of each value over the rows of a non-negative matrix that a row of the sparse matrix names; 0
/// of none. Of equal ones each gets an equal part of the gradient.
torch::Tensor largest_of_rows(const SparseMatrix& rows, const torch::Tensor& values);

}  // namespace whitney::gnn
