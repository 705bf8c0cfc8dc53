#include "whitney/train/nn/training_loop.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/made_ahead.h"
#include "whitney/core/random.h"
#include "whitney/data/training_history.h"
#include "whitney/train/nn/averaging.h"
#include "whitney/train/nn/clip_gradients.h"
#include "whitney/train/nn/early_stopping.h"
#include "whitney/train/nn/one_torch_thread.h"
#include "whitney/train/nn/sharded_gradients.h"
#include "whitney/train/nn/soup_run.h"

namespace whitney::nn {
namespace {

std::string text_of(double value) {
  return std::isnan(value) ? "nan" : concat(value);  // without a sign, which says nothing
}

// The average stands in the parameters' place for as long as this lives.
class Averaged {
 public:
  Averaged(Average& average, const Parameters& parameters) : average_(average), parameters_(parameters) {
    average_.swap_with(parameters_);
  }
  ~Averaged() { average_.swap_with(parameters_); }
  Averaged(const Averaged&) = delete;
  Averaged& operator=(const Averaged&) = delete;

 private:
  Average& average_;
  const Parameters& parameters_;
};

class TrainingLoop {
 public:
  TrainingLoop(Objective& objective, Optimizer& optimizer, const TrainingOptions& options,
               const RunIdentity& identity, const Context& context)
      : objective_(objective),
        optimizer_(optimizer),
        options_(options),
        identity_(identity),
        context_(context),
        unbroken_(context),
        average_(options),
        stopping_(options.stop_metric, options.patience) {
    unbroken_.cancellation = nullptr;
  }

  Trained run();

 private:
  const Parameters& parameters() const { return objective_.parameters(); }
  int64_t batches_per_epoch() const {
    return (objective_.num_examples() + options_.batch_size - 1) / options_.batch_size;
  }
  int64_t steps_per_epoch() const { return options_.steps_per_epoch(objective_.num_examples()); }

  using Batches = MadeAhead<std::unique_ptr<const PreparedBatch>>;

  void resume();
  void run_epoch();
  Batches prepared_batches(std::span<const int64_t> examples) const;
  void take_step(std::span<const int64_t> examples, Batches& batches);
  void end_epoch();
  std::vector<Metric> validate();
  std::vector<Metric> evaluated();
  void check_parameters() const;
  void check_vectors();
  void save();
  void keep_best();
  [[noreturn]] void fail_not_finite(const std::string& what, int64_t step) const;

  Objective& objective_;
  Optimizer& optimizer_;
  const TrainingOptions& options_;
  const RunIdentity& identity_;
  const Context& context_;
  /// For what must not be left half done.
  Context unbroken_;
  Average average_;
  EarlyStopping stopping_;
  TrainingHistory history_;
  std::vector<NamedTensor> best_;
  int64_t epoch_ = 0, steps_in_epoch_ = 0, step_ = 0;
  double loss_sum_ = 0;
  std::optional<int64_t> saved_step_;
};

Trained TrainingLoop::run() {
  if (objective_.num_examples() < 1) fail(identity_.method, " has no example to learn from");
  if (options_.history) check_history_name(options_.history->value);
  const OneTorchThread one;
  if (options_.resume && options_.checkpoint) resume();
  for (const std::string& sentence : objective_.notes()) history_.note(sentence);
  // Of a run that had ended no epoch is left to write it.
  if (options_.history && epoch_ > 0) write_history(history_.report(), options_.history->value);
  try {
    while (epoch_ < options_.epochs && !stopping_.is_over()) run_epoch();
  } catch (const Cancelled&) {
    if (options_.checkpoint) {
      check_parameters();  // what is not finite does not take the place of what was
      save();
      context_.note(concat("stopped after step ", step_, "; ", options_.checkpoint->value,
                           " holds the state: the same command with --resume goes on"));
    }
    throw;
  }
  keep_best();
  return {.epochs = epoch_,
          .stopped_early = stopping_.is_over() && epoch_ < options_.epochs,
          .metric = stopping_.metric(),
          .best_epoch = stopping_.best_epoch() ? std::optional(*stopping_.best_epoch() + 1) : std::nullopt,
          .best_value = stopping_.best_value(),
          .history = history_.report()};
}

void TrainingLoop::resume() {
  const std::string& path = options_.checkpoint->value;
  if (!std::filesystem::exists(path)) {
    context_.note(concat(path, " does not exist: the training starts anew"));
    return;
  }
  const Checkpoint checkpoint = load_checkpoint(path, identity_, context_);
  copy_into(parameters(), checkpoint.parameters, path);
  optimizer_.load_state(checkpoint.optimizer, path);
  average_.load_state(checkpoint.average, checkpoint.average_count, parameters(), path);
  best_ = checkpoint.best;
  stopping_.load_state(checkpoint.progress.at("stopping"));
  history_.load_state(checkpoint.progress.at("history"));
  epoch_ = checkpoint.epoch;
  steps_in_epoch_ = checkpoint.steps_in_epoch;
  step_ = checkpoint.step;
  loss_sum_ = checkpoint.loss_sum;
  saved_step_ = step_;
  context_.note(
      concat("goes on from ", path, ": ", epoch_, " epochs and ", steps_in_epoch_, " steps are done"));
}

// The order is drawn anew by a run that goes on in the middle.
void TrainingLoop::run_epoch() {
  objective_.begin_epoch(epoch_, context_);
  std::vector<int64_t> order(static_cast<size_t>(objective_.num_examples()));
  std::iota(order.begin(), order.end(), int64_t{0});
  if (!objective_.is_ordered()) {
    RandomStream random(identity_.seed, "order of examples", static_cast<uint64_t>(epoch_));
    random.shuffle(std::span(order));
  }
  const std::span<const int64_t> examples(order);
  const auto of_a_step = static_cast<size_t>(options_.batch_size * options_.accumulate);
  Batches batches = prepared_batches(examples);
  while (steps_in_epoch_ < steps_per_epoch()) {
    context_.check_cancelled();
    const size_t begin = static_cast<size_t>(steps_in_epoch_) * of_a_step;
    take_step(examples.subspan(begin, std::min(of_a_step, examples.size() - begin)), batches);
    context_.advance("training", step_, options_.epochs * steps_per_epoch(), "steps");
  }
  end_epoch();
}

// Those that the epoch has left.
TrainingLoop::Batches TrainingLoop::prepared_batches(std::span<const int64_t> examples) const {
  constexpr int kDepth = 4;
  const auto batch_size = static_cast<size_t>(options_.batch_size);
  const int64_t done = steps_in_epoch_ * options_.accumulate;
  // Every step has as many batches, but for the last of an epoch.
  const int64_t before = (step_ - steps_in_epoch_) * options_.accumulate;
  const auto make = [this, examples, batch_size, done, before](int64_t item) {
    const size_t begin = static_cast<size_t>(done + item) * batch_size;
    return objective_.prepare(examples.subspan(begin, std::min(batch_size, examples.size() - begin)),
                              before + done + item);
  };
  return {batches_per_epoch() - done, objective_.num_producers(), kDepth, make};
}

void TrainingLoop::take_step(std::span<const int64_t> examples, Batches& batches) {
  parameters().clear_gradients();
  double loss = 0;
  const auto batch_size = static_cast<size_t>(options_.batch_size);
  BatchPlace place{.step = step_, .batch = 0, .num_in_step = static_cast<int64_t>(examples.size())};
  for (size_t begin = 0; begin < examples.size(); begin += batch_size, ++place.batch) {
    const auto batch = examples.subspan(begin, std::min(batch_size, examples.size() - begin));
    const std::unique_ptr<const PreparedBatch> prepared = batches.take();
    place.prepared = prepared.get();
    loss += add_gradients(objective_, batch, place, options_.shards, context_);
  }
  if (!std::isfinite(loss)) fail_not_finite(concat("the loss is ", text_of(loss)), step_ + 1);
  const double norm = options_.clip_norm ? clip_gradients(parameters(), *options_.clip_norm) : 0;
  if (!std::isfinite(norm)) fail_not_finite(concat("the gradient's norm is ", text_of(norm)), step_ + 1);
  optimizer_.step(parameters(), step_, unbroken_);
  average_.after_step(parameters());
  loss_sum_ += loss;
  ++step_;
  ++steps_in_epoch_;
}

void TrainingLoop::end_epoch() {
  check_parameters();
  average_.after_epoch(parameters(), epoch_);
  const bool is_last = epoch_ + 1 == options_.epochs;
  std::vector<Metric> metrics;
  if (is_last || (epoch_ + 1) % options_.evaluate_every == 0) metrics = validate();
  history_.add(epoch_, loss_sum_ / static_cast<double>(steps_per_epoch()), metrics);
  ++epoch_;
  steps_in_epoch_ = 0;
  loss_sum_ = 0;
  const bool is_over = is_last || stopping_.is_over();
  if (options_.checkpoint && (is_over || epoch_ % options_.checkpoint_every == 0)) save();
  if (options_.history) write_history(history_.report(), options_.history->value);
}

std::vector<Metric> TrainingLoop::validate() {
  const Averaged averaged(average_, parameters());
  const torch::NoGradGuard no_gradients;
  std::vector<Metric> metrics = evaluated();
  if (epoch_ + 1 == options_.epochs) check_vectors();
  if (stopping_.take(metrics, epoch_)) best_ = parameters().copies();
  return metrics;
}

// Of vectors that are not finite a validation complains in words of its own: the cause says more.
std::vector<Metric> TrainingLoop::evaluated() {
  try {
    return objective_.evaluate(context_);
  } catch (const Error&) {
    check_vectors();
    throw;
  }
}

void TrainingLoop::check_parameters() const {
  if (const Parameter* found = parameters().first_not_finite())
    fail_not_finite(concat("the parameter \"", found->name, "\" is not finite"), step_);
}

void TrainingLoop::check_vectors() {
  if (const auto found = objective_.not_finite(context_))
    fail_not_finite(concat(*found, " are not finite"), step_);
}

void TrainingLoop::save() {
  Checkpoint checkpoint;
  checkpoint.epoch = epoch_;
  checkpoint.steps_in_epoch = steps_in_epoch_;
  checkpoint.step = step_;
  checkpoint.loss_sum = loss_sum_;
  checkpoint.parameters = parameters().views();
  checkpoint.optimizer = optimizer_.state();
  checkpoint.average = average_.state(parameters());
  checkpoint.average_count = average_.count();
  checkpoint.best = best_;
  checkpoint.progress = Value::object({{"stopping", stopping_.state()}, {"history", history_.state()}});
  save_checkpoint(checkpoint, identity_, options_.checkpoint->value, unbroken_);
  saved_step_ = step_;
}

void TrainingLoop::keep_best() {
  parameters().clear_gradients();
  if (!best_.empty()) {
    copy_into(parameters(), best_, "the best epoch");
  } else {
    average_.swap_with(parameters());
  }
}

void TrainingLoop::fail_not_finite(const std::string& what, int64_t step) const {
  std::string kept = "no checkpoint is kept";
  if (!options_.checkpoint) kept += " (--checkpoint FILE keeps one)";
  if (options_.checkpoint && saved_step_)
    kept =
        concat(options_.checkpoint->value, " keeps the state after step ", *saved_step_, ", which was good");
  fail(identity_.method, ": ", what, " at step ", step, " of the training (epoch ",
       (std::max<int64_t>(step, 1) - 1) / steps_per_epoch() + 1, "); try a smaller --learning-rate or ",
       options_.clip_norm ? "--clip-norm; " : "--clip-norm 1; ", kept);
}

}  // namespace

Value Trained::to_value() const {
  Value value = Value::object({{"epochs", epochs}, {"stopped_early", stopped_early}});
  if (best_epoch) value.set("best_epoch", *best_epoch);
  if (best_epoch || (metric && !soup.empty())) value.set("metric", *metric).set("best_value", best_value);
  if (!history.rows.empty()) value.set("loss", history.rows.back().figures.front().value);
  if (!soup.empty()) value.set("soup", soup);
  return value;
}

namespace {

/// With what the epochs of the training stand for, which are not of its identity.
RunIdentity resolved(RunIdentity identity, const TrainingOptions& options) {
  const AveragingOptions averaging = options.averaging.resolved(options.epochs);
  if (averaging.swa_epochs) identity.options.set("swa_epochs", *averaging.swa_epochs);
  return identity;
}

}  // namespace

Trained train(Objective& objective, Optimizer& optimizer, const TrainingOptions& options,
              const RunIdentity& identity, const Context& context) {
  try {
    if (!options.soup.empty()) return make_soup(objective, options, identity, context);
    const RunIdentity whole = resolved(identity, options);
    return TrainingLoop(objective, optimizer, options, whole, context).run();
  } catch (const c10::OutOfMemoryError&) {
    fail(identity.method, ": ", options.device,
         " has no memory left; a smaller --batch-size or fewer --shards need less");
  } catch (const c10::Error& error) {  // whose text goes on with a stack of calls
    throw InternalError(concat(identity.method, ": libtorch says: ", error.what_without_backtrace()));
  }
}

}  // namespace whitney::nn
