#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/data/graph.h"
#include "whitney/linalg/sparse_matrix.h"
#include "whitney/train/gnn/sdne_options.h"
#include "whitney/train/gnn/sdne_reconstruction.h"
#include "whitney/train/nn/objective.h"

namespace whitney::gnn {

/// The auto-encoder of sdne and its loss, a mean over the nodes of a step. The encoder runs once for a batch
/// (`shared`), and on the processor so does the reconstruction of whole rows (sdne_reconstruction.h); drawn
/// places of rows, and rows on other devices, are each shard's (`loss` of what is shared without the second
/// tensor, the reconstruction's).
class SDNEObjective : public nn::Objective {
 public:
  /// `type`: float64 for tests of gradients. The graph must outlive the object.
  SDNEObjective(const Graph& graph, const SDNEOptions& options, uint64_t seed, torch::TensorOptions type);

  const nn::Parameters& parameters() const override { return parameters_; }
  int64_t num_examples() const override { return graph_.num_nodes(); }
  std::vector<torch::Tensor> shared(std::span<const int64_t> batch, const Context& context) override;
  torch::Tensor loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const override;
  std::optional<std::string> not_finite(const Context& context) override;

  /// The vectors of nodes, m x dim.
  torch::Tensor encode(std::span<const int64_t> nodes, const Context& context) const;
  /// The reconstruction of their rows from them, m x n.
  torch::Tensor decode(const torch::Tensor& vectors) const;
  /// What the reconstruction is made of, m x 2 (h + 1): for each node the last layer's h inputs and 1, then
  /// the weights of its own output and its offset. With s_u and t_v the halves, ahat_uv = f(s_u . t_v).
  torch::Tensor decoder_halves(std::span<const int64_t> nodes, const Context& context) const;

 private:
  /// Weights have a row for each place of the wider side, so that nodes are gathered by rows.
  struct Layer {
    torch::Tensor weights, bias;
    bool is_widening = false;
    /// inputs x outputs.
    torch::Tensor map() const { return is_widening ? weights.t() : weights; }
  };
  void add_layers(uint64_t seed, torch::TensorOptions type);
  bool rebuilds_at_once() const { return !options_.negatives && decoder_.back().bias.device().is_cpu(); }
  /// The rows of nodes in the adjacency matrix, m x n; weights as parts of the largest.
  SparseMatrix rows_of(std::span<const int64_t> nodes) const;
  Layer add_layer(const std::string& name, int64_t inputs, int64_t outputs, uint64_t seed,
                  torch::TensorOptions type);
  /// What is to be rebuilt of some nodes; keeps the view of them.
  RowsToRebuild rebuilt(std::span<const int64_t> nodes) const;
  double weight_at(int64_t entry) const;
  torch::Tensor activated(const torch::Tensor& values) const;
  torch::Tensor before_last(torch::Tensor vectors) const;
  torch::Tensor sampled_reconstruction(const nn::Shard& shard, const torch::Tensor& inner) const;
  torch::Tensor first_order(const nn::Shard& shard, const torch::Tensor& vectors) const;
  torch::Tensor numbers(const std::vector<double>& values) const;
  torch::Tensor places(const std::vector<int64_t>& values) const;

  const Graph& graph_;
  SDNEOptions options_;
  uint64_t seed_;
  double largest_weight_ = 1;
  nn::Parameters parameters_;
  std::vector<Layer> encoder_, decoder_;
  /// The nodes of the batch that `shared` was called for, and by node the place in it; -1: not there.
  std::vector<int64_t> batch_, place_of_;
};

}  // namespace whitney::gnn
