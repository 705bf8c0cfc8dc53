#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/training_history.h"
#include "whitney/train/nn/parameters.h"

namespace whitney::nn {

/// What a batch needs besides the parameters: drawn, numbered and gathered before its step. Each method
/// derives its own.
struct PreparedBatch {
  virtual ~PreparedBatch() = default;
};

/// A piece of a batch, reckoned on one thread.
struct Shard {
  /// Numbers of examples, in the order in which they were drawn.
  std::span<const int64_t> examples;
  /// Where `examples` begin in the batch.
  int64_t offset = 0;
  /// Examples of all batches of the step: what a mean is divided by.
  int64_t num_in_step = 0;
  /// Of all steps from the start, from 0; with `offset`, what random numbers of a shard are drawn by.
  int64_t step = 0;
  /// From 0; of the accumulated batches of the step.
  int64_t batch = 0;
  /// What `prepare` made for the batch; null where it makes nothing.
  const PreparedBatch* prepared = nullptr;
};

using Metric = TrainingMetric;

/// What is trained: parameters, examples, and a loss of them. Each method derives its own.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual const Parameters& parameters() const = 0;
  /// Examples that an epoch goes over, in a random order unless they are ordered.
  virtual int64_t num_examples() const = 0;
  /// Whether each epoch goes over the examples in the order of their numbers: a batch is then of
  /// neighbours.
  virtual bool is_ordered() const { return false; }
  /// Comes before the first step of each epoch, also of one that a run goes on with in the middle: draws what
  /// the epoch's examples are, from (seed, epoch) alone.
  virtual void begin_epoch(int64_t /*epoch*/, const Context&) {}
  /// Threads that prepare batches of the epoch ahead of their steps, beside those of the context; 0: each is
  /// prepared when it is due.
  virtual int num_producers() const { return 0; }
  /// Makes what a batch needs besides the parameters: a function of the seed, the epoch and its place alone,
  /// so that the order in which batches are prepared does not show. Runs on several threads at once, while
  /// earlier batches change the parameters. `number`: of all batches of the training, from 0.
  virtual std::unique_ptr<const PreparedBatch> prepare(std::span<const int64_t> /*batch*/,
                                                       int64_t /*number*/) const {
    return nullptr;
  }
  /// As `shared`, which it stands for where batches are prepared.
  virtual std::vector<torch::Tensor> shared_of(const PreparedBatch& /*prepared*/, const Context&) {
    return {};
  }
  /// Tensors that all shards of a batch read, reckoned once from the parameters: the products with a graph,
  /// for one. Runs on the calling thread, with our own kernels on all of them.
  virtual std::vector<torch::Tensor> shared(std::span<const int64_t> /*batch*/, const Context&) { return {}; }
  /// The shard's part of the step's loss, one number: the parts of all shards add up to it, so that a mean
  /// over examples is a sum over the shard's divided by `num_in_step`. Runs on several threads at once.
  virtual torch::Tensor loss(const Shard& shard, std::span<const torch::Tensor> shared) const = 0;
  /// Figures of a validation with the parameters as they are; none: the method has no validation.
  virtual std::vector<Metric> evaluate(const Context&) { return {}; }
  /// Which vectors of finite parameters left the range of their type, for a sentence ("the vectors of
  /// users"); none: no such vectors, or all are finite. Asked after the last epoch, and where `evaluate`
  /// throws.
  virtual std::optional<std::string> not_finite(const Context&) { return std::nullopt; }
  /// Sentences that stand in the history, such as what was held out.
  virtual std::vector<std::string> notes() const { return {}; }
};

}  // namespace whitney::nn
