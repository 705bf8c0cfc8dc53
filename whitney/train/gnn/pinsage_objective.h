#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/linalg/sparse_matrix.h"
#include "whitney/train/gnn/pinsage_batch.h"
#include "whitney/train/gnn/pinsage_labels.h"
#include "whitney/train/gnn/pinsage_negatives.h"
#include "whitney/train/gnn/pinsage_network.h"
#include "whitney/train/gnn/pinsage_options.h"
#include "whitney/train/nn/objective.h"

namespace whitney::gnn {

/// PinSage's loss (arXiv 1806.01973, equation 1) of pairs (q, i) over wrong answers n, the batch's shared
/// ones and the pair's hard ones together:
///   J(q, i) = mean over n of max(0, z_q . z_n - z_q . z_i + margin),
/// the mean over the pairs of a step. An n that is q or i itself does not count. A batch's vectors are made
/// once for all pairs, each node once a layer.
class PinSageObjective : public nn::Objective {
 public:
  /// `labels` and `features` must outlive the object. `type`: float64 for tests of gradients.
  PinSageObjective(const PinSageLabels& labels, const PinSageFeatures& features,
                   const infer::PinSageSettings& settings, const PinSageOptions& options,
                   torch::TensorOptions type, const Context& context);

  const nn::Parameters& parameters() const override { return network_.parameters(); }
  int64_t num_examples() const override { return std::ssize(labels_.train); }
  void begin_epoch(int64_t epoch, const Context& context) override;
  int num_producers() const override { return producers_; }
  std::unique_ptr<const nn::PreparedBatch> prepare(std::span<const int64_t> batch,
                                                   int64_t number) const override;
  /// The vectors of the batch's items.
  std::vector<torch::Tensor> shared_of(const nn::PreparedBatch& prepared, const Context& context) override;
  torch::Tensor loss(const nn::Shard& shard, std::span<const torch::Tensor> shared) const override;
  /// hit@10 and mrr of the held-out pairs: the answer's rank among all items but the query, equal scores by
  /// the smaller row. Throws Error where a vector is not finite.
  std::vector<nn::Metric> evaluate(const Context& context) override;
  std::optional<std::string> not_finite(const Context& context) override;
  /// The checksum of the labels' parts.
  std::vector<std::string> notes() const override;

  const PinSageNetwork& network() const { return network_; }

 private:
  /// float32 on the processor, as `evaluate` and what is kept have them.
  torch::Tensor vectors_of_all(const Context& context) const;
  HiddenEdges hidden_edges(std::span<const int64_t> batch) const;

  const PinSageLabels& labels_;
  const PinSageFeatures& features_;
  infer::PinSageSettings settings_;
  PinSageOptions options_;
  PinSageNetwork network_;
  PinSageNegatives negatives_;
  SparseMatrix neighborhoods_;
  /// Whether the items of a label must not see each other.
  std::vector<uint8_t> guarded_;
  int producers_ = 0;
  int64_t epoch_ = 0;
};

/// 1 + the items, but the query, that score higher than the answer, or equal in a smaller row. vectors: items
/// x d, float32 packed. In the order of the pairs.
std::vector<int64_t> ranks_of_answers(std::span<const ItemPair> pairs, const torch::Tensor& vectors,
                                      const Context& context);

}  // namespace whitney::gnn
