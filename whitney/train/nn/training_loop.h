#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "whitney/core/context.h"
#include "whitney/core/report.h"
#include "whitney/core/value.h"
#include "whitney/train/nn/checkpoint.h"
#include "whitney/train/nn/objective.h"
#include "whitney/train/nn/optimizer.h"
#include "whitney/train/nn/training_options.h"

namespace whitney::nn {

/// What a training came to. The parameters are those of the best epoch when a metric was watched, else the
/// average when there is one, else the last.
struct Trained {
  int64_t epochs = 0;
  bool stopped_early = false;
  std::optional<std::string> metric;
  /// From 1.
  std::optional<int64_t> best_epoch;
  double best_value = 0;
  Report history;
  /// Of checkpoints that stand for a training: what was averaged, in the order in which it was taken (its
  /// number among those given, from 1, epochs and options); empty: there was a training.
  Value::List soup = {};

  /// For the record of a model: epochs, the best one, and the last loss.
  Value to_value() const;
};

/// Trains: goes over the examples in an order drawn by (seed, epoch), or in theirs where the objective is
/// ordered, a step for `accumulate` batches, with gradients by add_gradients, and validates, averages, stops
/// and saves as the options say. Equal objectives, options and seeds give equal bytes at any number of
/// threads, whether or not the run was stopped in between and went on (`resume`). A requested stop saves a
/// checkpoint between two steps, where there is a place for one, and throws Cancelled. Throws Error when the
/// loss, a parameter (looked at after each epoch) or a vector (objective.h) is no longer finite, with the
/// step, the last good checkpoint, and what to try; when the checkpoint belongs to another run, and when
/// `stop_metric` is not reckoned. Where options name checkpoints for a soup, nothing is trained: soup_run.h.
Trained train(Objective& objective, Optimizer& optimizer, const TrainingOptions& options,
              const RunIdentity& identity, const Context& context);

}  // namespace whitney::nn
