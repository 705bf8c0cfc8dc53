#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/data/interactions.h"
#include "whitney/data/recommender_model.h"
#include "whitney/recommend/bpr_triples.h"
#include "whitney/recommend/interaction_graph.h"
#include "whitney/train/nn/objective.h"
#include "whitney/train/nn/sparse_product.h"
#include "whitney/train/recsys/ngcf_dropout.h"
#include "whitney/train/recsys/ngcf_options.h"
#include "whitney/train/recsys/ngcf_pass.h"

namespace whitney::recsys {

/// NGCF's function and loss. With A the weighted adjacency matrix and S = A E of a layer's vectors E,
///   E' = phi((S + E) W1 + (S o E) W2)             the paper's (one activation, self message), or
///   E' = phi(S W1 + b1) + phi((E o S) W2 + b2)    the authors' program's,
/// phi LeakyReLU. The final vector is E_0 and the E' of all layers (of length 1 where `normalize`). The loss
/// is the mean over a batch's triples of
///   softplus(s_uj - s_ui) + lambda / 2 (the squares of the rows of u, i and j, and where all is regularised
///   of W1, W2, b1 and b2 of all layers),
/// rows of the final vectors or of E_0. An epoch has as many triples as there are events, or without
/// replacement a whole batch for each step.
class NgcfObjective : public nn::Objective {
 public:
  /// `train` must outlive the object. `type`: float64 for tests of gradients.
  NgcfObjective(const Interactions& train, const Interactions& held_out, const NgcfOptions& options,
                uint64_t seed, torch::TensorOptions type);

  /// Takes vectors of users and items as those that are learned.
  void begin_with(const Factors& factors);

  const nn::Parameters& parameters() const override { return parameters_; }
  int64_t num_examples() const override;
  bool is_ordered() const override;
  void begin_epoch(int64_t epoch, const Context& context) override;
  /// The losses of the batch's triples, one each.
  std::vector<torch::Tensor> shared(std::span<const int64_t> batch, const Context& context) override;
  torch::Tensor loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const override;
  /// recall@20 of the held-out items, without dropout. Throws Error where a final vector is not finite.
  std::vector<nn::Metric> evaluate(const Context& context) override;
  /// Of the final vectors, which layers can take beyond what float32 holds.
  std::optional<std::string> not_finite(const Context& context) override;
  /// The checksum of the split.
  std::vector<std::string> notes() const override;

  const recommend::InteractionGraph& graph() const { return graph_; }
  /// What `propagate` and `final_rows` add up with that dropout_key.
  std::vector<LayerGraph> layer_graphs(std::optional<uint64_t> dropout_key) const;
  /// Of the epoch that has begun, by examples.
  const recommend::BprTriples& triples() const { return triples_; }
  /// The final vectors of all nodes in the graph's order, layer by layer in torch, wherever the parameters
  /// live. dropout_key: what masks are drawn by; none: no dropout.
  torch::Tensor propagate(std::optional<uint64_t> dropout_key, const Context& context) const;
  /// The rows of some nodes (ascending) of the final vectors, with dropout: all that a step needs. On the
  /// processor the last layer goes by these rows of A only, and they alone are joined and divided by their
  /// lengths: of three layers over a graph that is larger than a batch, a third of all products is left out;
  /// and layers are taken block by block (ngcf_pass.h).
  torch::Tensor final_rows(const std::vector<uint32_t>& nodes, uint64_t dropout_key, const Context& context);
  /// The final vectors by the rows of the events; zero where there was no event to learn from.
  Factors factors(const Context& context) const;

 private:
  struct Layer {
    torch::Tensor weights1, weights2, bias1, bias2;
  };
  /// E' of some nodes, given the rows of S and of E that are theirs, and what their messages to themselves
  /// are multiplied with, unless it is 1.
  torch::Tensor step(const Layer& layer, const torch::Tensor& sums, const torch::Tensor& own,
                     const torch::Tensor& self) const;
  /// With values left out, where there is a key.
  torch::Tensor dropped(const torch::Tensor& vectors, std::optional<uint64_t> key, size_t layer) const;
  /// lambda / 2 times the squares of all maps and biases, on the processor.
  torch::Tensor pull_of_maps() const;
  bool is_drawn_by_batches() const { return options_.sampling == recommend::Sampling::kWithoutReplacement; }

  const Interactions& train_;
  const Interactions& held_out_;
  NgcfOptions options_;
  uint64_t seed_;
  recommend::InteractionGraph graph_;
  nn::SparseOperator matrix_;
  recommend::BprSampler sampler_;
  nn::Parameters parameters_;
  torch::Tensor vectors_;
  std::vector<Layer> layers_;
  recommend::BprTriples triples_;
  int64_t epoch_ = 0;
  std::shared_ptr<NgcfMemory> memory_;
};

}  // namespace whitney::recsys
