#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/value.h"
#include "whitney/data/averaging_options.h"
#include "whitney/data/interactions.h"
#include "whitney/data/interactions_split.h"
#include "whitney/data/learner.h"
#include "whitney/data/rate_options.h"
#include "whitney/data/rate_schedule.h"
#include "whitney/data/recommender_model.h"
#include "whitney/data/run_identity.h"
#include "whitney/data/training_history.h"
#include "whitney/recommend/held_out.h"
#include "whitney/recommend/lightgcn_model.h"

namespace whitney::recommend {

/// Options of LightGCN (He, Deng, Wang, Li, Zhang, Wang; SIGIR 2020, arXiv 2002.02126).
struct LightGcnOptions {
  int dim = 64;
  int layers = 3;
  int epochs = 1000;
  int batch_size = 2048;
  double learning_rate = 1e-3;
  RateOptions rate = {};
  double regularization = 1e-4;
  double deviation = 0.1;
  double validation = 0.1;
  int evaluate_every = 10;
  int patience = 5;
  bool refit = false;
  AveragingOptions averaging = {};
  std::optional<Path> checkpoint = {};
  int checkpoint_every = 1;
  bool resume = false;
  std::optional<Path> history = {};
  void fields(auto&& field) {
    field("dim", dim, Range{1, 4096}, "Values of a vector");
    field("layers", layers, Range{0, 16},
          "K: how far vectors travel over the graph; 0 is BPR without a graph");
    field("epochs", epochs, Range{1, 100'000}, "At most so many times as many triples as there are events");
    field("batch_size", batch_size, Range{1, 1 << 20}, "B: triples of a step");
    field("learning_rate", learning_rate, Range{1e-9, 10}, "Of Adam");
    rate.fields(field);
    field("regularization", regularization, Range{0, 1e6},
          "lambda: pulls the learned vectors of a batch to zero");
    field("deviation", deviation, Range{1e-9, 100}, "Of the normal numbers that vectors begin with");
    field("validation", validation, Range{0, 0.9},
          "Share of each user's items that is held out; its recall@20 says when to stop. 0: all epochs");
    field("evaluate_every", evaluate_every, Range{1, 100'000}, "Epochs between two looks at that recall");
    field("patience", patience, Range{1, 100'000}, "Looks without a better recall after which it stops");
    field("refit", refit,
          "Then learns from all events anew, for as many epochs as were best: what was held out counts, too");
    averaging.fields(field);
    field("checkpoint", checkpoint,
          "File that holds the state of the training, so that it can go on after a stop; of a refit, "
          "FILE.refit");
    field("checkpoint_every", checkpoint_every, Range{1, 1e6}, "Epochs between two checkpoints");
    field("resume", resume,
          "Goes on from the checkpoint where it exists: the same bytes as without the stop");
    field("history", history,
          "File for loss and held-out recall by epoch: .svg is a plot, .json a report; of a refit, "
          "FILE.refit.svg");
  }
  std::vector<std::string> ineffective() const;
  /// What says how a run is kept, not what comes of it.
  static std::vector<std::string> about_the_run() {
    return {"checkpoint", "checkpoint_every", "resume", "history"};
  }
};

/// A training run that can stop after any step, be saved, and go on to the same bytes.
class WHITNEY_API LightGcnRun {
 public:
  /// Throws Error when no pair of items can be ranked, nothing can be held out, or the rate cannot fall as
  /// it is to.
  LightGcnRun(const Interactions& events, const LightGcnOptions& options, const Context& context);
  LightGcnRun(const LightGcnRun&) = delete;
  LightGcnRun& operator=(const LightGcnRun&) = delete;

  /// One step of the epoch that is going on. Throws Error where a loss is no longer a number.
  void take_step(const Context& context);
  /// The steps that the epoch has left; then looks at the held-out items when it is time to. A requested stop
  /// is heard between two steps, and while it looks: `save` then holds all that was done.
  void run_epoch(const Context& context);
  /// True when all epochs were run, or recall has not risen for long enough.
  bool is_done() const;
  int epoch() const { return epoch_; }
  /// Of all epochs.
  int64_t step() const { return step_; }
  /// Mean loss of the last epoch's batches.
  double loss() const { return loss_; }
  /// Of the held-out items; 0 before the first look, and without validation.
  double best_recall() const { return best_recall_; }
  double last_recall() const { return last_recall_; }
  /// A row an epoch: "loss", and "recall@20" where it looked. A note tells which items were held out.
  const Report& history() const { return history_.report(); }
  BestEpoch best() const;
  /// What is learned from.
  const Interactions& train() const { return train_; }
  /// The vectors of the best look, or of now where there is no validation: of the average where there is one.
  /// Zero where there was no event to learn from.
  Factors factors(const Context& context);

  /// Writes all that a run goes on from, in the place of a file that may be there. Throws Error, and leaves
  /// that file, where a vector is no longer a number.
  void save(const std::string& path, const Context& context);
  /// Goes on where a run stopped. Throws Error that names the file when it is of other events or options.
  void load(const std::string& path);

 private:
  LightGcnRun(InteractionsSplit parts, const LightGcnOptions& options, const Context& context);
  int64_t steps_per_epoch() const { return (train_.size() + options_.batch_size - 1) / options_.batch_size; }
  /// E_0 as it is looked at and kept: the average where there is one. What follows from it is linear in it,
  /// so that these are the averages of the final vectors, too.
  const Matrix& evaluated() const { return average_count_ > 0 ? average_ : model_.vectors(); }
  Factors factors_of(const Matrix& vectors, const Context& context);
  void average_epoch(const Context& context);
  std::vector<TrainingMetric> look(const Context& context);
  [[noreturn]] void fail_not_finite(const char* what) const;
  /// That this file holds the state of now.
  void note_kept(const std::string& path);
  RunIdentity identity() const;
  /// That identity without the options that a checkpoint knows nothing of, for it was made before there were
  /// any, and that are here as they are by default.
  RunIdentity identity_beside(const Value& record) const;

  /// With its rate and average resolved.
  LightGcnOptions options_;
  uint64_t seed_ = 0;
  Interactions train_, held_out_;
  std::string split_checksum_;
  LightGcnModel model_;
  BprSampler sampler_;
  Schedule schedule_;
  Matrix gradient_, first_moment_, second_moment_, best_vectors_;
  /// Without values where nothing is averaged; holds the vectors of average_count_ steps or epochs.
  Matrix average_;
  int64_t average_count_ = 0;
  TrainingHistory history_;
  int epoch_ = 0, looks_since_best_ = 0;
  int64_t steps_in_epoch_ = 0, step_ = 0;
  /// Of the state that the options' checkpoint holds, where it is of this run.
  std::optional<int64_t> kept_step_;
  double loss_sum_ = 0, loss_ = 0, best_recall_ = 0, last_recall_ = 0;
};

/// Learns vectors of users and items; the score of a pair is their product. The same bytes at any number of
/// threads, and whether or not it was stopped in between. Throws Error as LightGcnRun does.
WHITNEY_API Factors lightgcn(const Interactions& events, const LightGcnOptions& options,
                             const Context& context);

/// The same, and which epoch was best, where there was a validation. With `refit` the vectors are those of
/// all events after that many epochs, with the rate and the average of the first run: the same bytes as
/// validation = 0 and epochs = best_epoch, and with a schedule schedule_epochs, with swa swa_epochs, = epochs
/// of that run where they are absent. Where swa began after the best epoch, these are the last vectors.
struct LightGcnFit {
  Factors factors;
  std::optional<BestEpoch> best;
};
WHITNEY_API LightGcnFit fit_lightgcn(const Interactions& events, const LightGcnOptions& options,
                                     const Context& context);

/// Tells what lightgcn will need.
WHITNEY_API CostEstimate estimate_lightgcn(const DataSize& size, const LightGcnOptions& options,
                                           const Context& context);

}  // namespace whitney::recommend
