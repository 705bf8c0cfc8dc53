#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/options.h"
#include "whitney/data/averaging_options.h"
#include "whitney/data/rate_options.h"

namespace whitney::nn {

/// How long and in what steps a model is trained: options that every trained method declares as its own,
/// `training.fields(field)`, with defaults of its paper.
struct TrainingOptions {
  int64_t epochs = 100;
  int64_t batch_size = 1024;
  int accumulate = 1;
  int shards = 4;
  std::optional<double> clip_norm;
  std::optional<std::string> stop_metric;
  int evaluate_every = 1;
  int patience = 10;
  AveragingOptions averaging;
  std::optional<Path> checkpoint;
  int checkpoint_every = 1;
  bool resume = false;
  std::optional<Path> history;
  std::vector<Path> soup = {};
  std::string device = "cpu";

  void fields(auto&& field) {
    field("epochs", epochs, Range{1, 1e9}, "Times that all examples are gone over, at most");
    field("batch_size", batch_size, Range{1, 1e9}, "Examples whose gradients are reckoned at a time");
    field("accumulate", accumulate, Range{1, 65536}, "Batches whose gradients are added up for one step");
    field("shards", shards, Range{1, 1024},
          "Pieces that a batch is cut into, each on a thread of its own; gradients are added in their order, "
          "so that the "
          "result depends on this number and not on the threads");
    field("clip_norm", clip_norm, Range{1e-12, 1e12},
          "Longest gradient, as the l2 norm over all parameters; longer ones are shortened; absent: none is");
    field(
        "stop_metric", stop_metric,
        "Metric of the validation by which training stops early and the best epoch is kept; absent: neither");
    field("evaluate_every", evaluate_every, Range{1, 1e6}, "Epochs between two validations");
    field("patience", patience, Range{1, 1e6},
          "Validations in a row without a better stop_metric before training stops");
    averaging.fields(field);
    field("checkpoint", checkpoint,
          "File that holds the state of the training, so that it can go on after a stop");
    field("checkpoint_every", checkpoint_every, Range{1, 1e6}, "Epochs between two checkpoints");
    field("resume", resume, "Go on from the checkpoint where it exists: the same bytes as without the stop");
    field("history", history, "File for loss and metrics by epoch: .svg is a plot, .json a report");
    field(
        "soup", soup,
        "Checkpoints of other runs of this method on the same data with the same seed, which stand for the "
        "training: the best by stop_metric, then each that does not lower it when it is averaged with those "
        "before; without a stop_metric the mean of all (arXiv 2203.05482)");
    field("device", device, "Where tensors live: cpu, or cuda where libtorch has it");
  }
  /// The names of those that others leave without effect.
  WHITNEY_API std::vector<std::string> ineffective() const;
  /// The same, and of the rate's: all of them where a soup stands for the training.
  WHITNEY_API std::vector<std::string> ineffective(const RateOptions& rate) const;
  /// The names of those that say how a run is watched and kept, not what comes of it: records and checkpoints
  /// leave them out, so that a run which went on has the record of one that never stopped.
  WHITNEY_API static std::vector<std::string> about_the_run();
  /// The steps of an epoch over so many examples.
  WHITNEY_API int64_t steps_per_epoch(int64_t num_examples) const;
};

/// Bytes that training keeps for parameters: themselves, their gradients (`shard_gradients` of them, and
/// their sum), `optimizer_tensors` of the same size, and what averaging and early stopping keep. Each shard
/// has gradients of its own, but where an objective makes the whole batch's at once there are only these.
WHITNEY_API int64_t training_bytes(int64_t num_parameters, int optimizer_tensors,
                                   const TrainingOptions& options, int shard_gradients);
inline int64_t training_bytes(int64_t num_parameters, int optimizer_tensors, const TrainingOptions& options) {
  return training_bytes(num_parameters, optimizer_tensors, options, options.shards);
}

/// Of libtorch itself, when it is loaded and has run.
inline constexpr int64_t kLibtorchBytes = int64_t{180} << 20;

}  // namespace whitney::nn
