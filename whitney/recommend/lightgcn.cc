#include "whitney/recommend/lightgcn.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/adam.h"
#include "whitney/recommend/unmet.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kBlock = 1 << 14;

LightGcnOptions resolved(LightGcnOptions options) {
  options.rate = options.rate.resolved(options.epochs);
  options.averaging = options.averaging.resolved(options.epochs);
  return options;
}

/// to += share (from - to), written so that a share of 1 gives `from` to the last digit.
void mix(double share, const float* from, int64_t n, float* to) {
  const auto taken = static_cast<float>(share), kept = static_cast<float>(1 - share);
  if (share < 0.5) {
    for (int64_t i = 0; i < n; ++i) to[i] += taken * (from[i] - to[i]);
  } else {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i] - kept * (from[i] - to[i]);
  }
}

}  // namespace

std::vector<std::string> LightGcnOptions::ineffective() const {
  std::vector<std::string> names = rate.ineffective();
  std::ranges::copy(averaging.ineffective(), std::back_inserter(names));
  if (validation == 0) {
    for (const char* name : {"evaluate_every", "patience", "refit"}) names.emplace_back(name);
  }
  if (!checkpoint) {
    for (const char* name : {"checkpoint_every", "resume"}) names.emplace_back(name);
  }
  return names;
}

LightGcnRun::LightGcnRun(const Interactions& events, const LightGcnOptions& options, const Context& context)
    : LightGcnRun(hold_out(events, options.validation, context), options, context) {}

LightGcnRun::LightGcnRun(InteractionsSplit parts, const LightGcnOptions& options, const Context& context)
    : options_(resolved(options)),
      seed_(context.seed),
      train_(std::move(parts.train)),
      held_out_(std::move(parts.validation)),
      split_checksum_(std::move(parts.checksum)),
      model_(train_, options.dim, options.layers, options.deviation, context.seed),
      sampler_(train_, context.seed),
      schedule_(schedule_of(options_.rate, steps_per_epoch())),
      gradient_(model_.vectors().rows(), options.dim),
      first_moment_(Matrix::zeros(model_.vectors().rows(), options.dim)),
      second_moment_(Matrix::zeros(model_.vectors().rows(), options.dim)),
      best_vectors_(Matrix::copy_of(model_.vectors())) {
  if (options.averaging.kind != Averaging::kNone) average_ = Matrix::zeros(gradient_.rows(), options.dim);
  if (held_out_.size() > 0) history_.note(note_of_split(split_checksum_));
}

void LightGcnRun::run_epoch(const Context& context) {
  while (steps_in_epoch_ < steps_per_epoch()) {
    context.check_cancelled();
    take_step(context);
  }
  average_epoch(context);
  std::vector<TrainingMetric> metrics;
  if (options_.validation > 0 && (epoch_ + 1) % options_.evaluate_every == 0) metrics = look(context);
  loss_ = loss_sum_ / static_cast<double>(steps_per_epoch());
  history_.add(epoch_, loss_, metrics);
  loss_sum_ = 0;
  steps_in_epoch_ = 0;
  ++epoch_;
}

void LightGcnRun::take_step(const Context& context) {
  Context unbroken = context;  // a step is never left half done
  unbroken.cancellation = nullptr;
  const int64_t first = steps_in_epoch_ * options_.batch_size,
                count = std::min(int64_t{options_.batch_size}, train_.size() - first);
  const BprTriples triples = sampler_.sample(epoch_ * train_.size() + first, count, unbroken);
  const double loss = model_.loss_and_gradient(triples, options_.regularization, gradient_, unbroken);
  if (!std::isfinite(loss)) fail_not_finite("the loss");
  const double rate = options_.learning_rate * schedule_factor(schedule_, step_);
  const AdamStep step = adam_step(rate, 0.9, 0.999, 1e-8, 0, step_ + 1);
  const std::optional<double> share = options_.averaging.share_after_step(average_count_);
  const auto* gradient = static_cast<const float*>(gradient_.view().data);
  float *values = model_.mutable_vectors(), *first_moment = first_moment_.mutable_data<float>(),
        *second_moment = second_moment_.mutable_data<float>(), *average = average_.mutable_data<float>();
  parallel_blocks(unbroken, gradient_.rows() * gradient_.cols(), kBlock, [&](int64_t begin, int64_t end) {
    apply_adam(step, end - begin, gradient + begin, values + begin, first_moment + begin,
               second_moment + begin);
    if (share) mix(*share, values + begin, end - begin, average + begin);
  });
  if (share) ++average_count_;
  loss_sum_ += loss;
  ++step_;
  ++steps_in_epoch_;
}

void LightGcnRun::average_epoch(const Context& context) {
  const auto share = options_.averaging.share_after_epoch(average_count_, epoch_, options_.epochs);
  if (!share) return;
  Context unbroken = context;  // a mean is never left half taken
  unbroken.cancellation = nullptr;
  const auto* values = static_cast<const float*>(model_.vectors().view().data);
  auto* average = average_.mutable_data<float>();
  parallel_blocks(unbroken, average_.rows() * average_.cols(), kBlock, [&](int64_t begin, int64_t end) {
    mix(*share, values + begin, end - begin, average + begin);
  });
  ++average_count_;
}

void LightGcnRun::fail_not_finite(const char* what) const {
  const std::string kept = !options_.checkpoint ? "no checkpoint is kept (--checkpoint FILE keeps one)"
                           : kept_step_ ? concat(options_.checkpoint->value, " keeps the state after step ",
                                                 *kept_step_, ", which was good")
                                        : "no checkpoint was written yet";
  fail("lightgcn: ", what, " is no longer a number at step ", step_ + 1, " (epoch ", epoch_ + 1,
       "); try a smaller learning_rate than ", options_.learning_rate, "; ", kept);
}

std::vector<TrainingMetric> LightGcnRun::look(const Context& context) {
  last_recall_ = held_out_recall(factors_of(evaluated(), context), train_, held_out_, context);
  ++looks_since_best_;
  if (last_recall_ > best_recall_) {
    best_recall_ = last_recall_;
    looks_since_best_ = 0;
    best_vectors_ = Matrix::copy_of(evaluated());
  }
  return {{"recall@20", last_recall_}};
}

bool LightGcnRun::is_done() const {
  return epoch_ >= options_.epochs || (options_.validation > 0 && looks_since_best_ >= options_.patience);
}

BestEpoch LightGcnRun::best() const {
  const bool was_found = best_recall_ > 0;
  const int looks = epoch_ / options_.evaluate_every;
  return {.epochs = epoch_,
          .best_epoch = was_found ? (looks - looks_since_best_) * options_.evaluate_every : epoch_,
          .recall = best_recall_,
          .stopped_early = epoch_ < options_.epochs,
          .split_checksum = split_checksum_};
}

Factors LightGcnRun::factors_of(const Matrix& vectors, const Context& context) {
  Factors factors = model_.factors_of(vectors, context);
  clear_unmet(factors, train_);
  return factors;
}

Factors LightGcnRun::factors(const Context& context) {
  return factors_of(best_recall_ == 0 ? evaluated() : best_vectors_, context);
}

namespace {

void save_stopped(LightGcnRun& run, const LightGcnOptions& options, Context context) {
  if (!options.checkpoint) return;
  context.cancellation = nullptr;
  run.save(options.checkpoint->value, context);
  context.note(concat("stopped after step ", run.step(), "; ", options.checkpoint->value,
                      " holds the state: the same command with --resume goes on"));
}

void resume(LightGcnRun& run, const LightGcnOptions& options, const Context& context) {
  if (!options.resume || !options.checkpoint) return;
  const std::string& path = options.checkpoint->value;
  if (!std::filesystem::exists(path)) {
    context.note(concat(path, " does not exist: the training starts anew"));
    return;
  }
  run.load(path);
  context.note(
      concat("goes on from ", path, ": ", run.epoch(), " epochs and ", run.step(), " steps are done"));
}

void run_to_end(LightGcnRun& run, const LightGcnOptions& options, const char* stage,
                const Context& context) try {
  const bool is_kept = options.checkpoint.has_value();
  resume(run, options, context);
  // Of a run that had ended no epoch is left to write it.
  if (options.history && run.epoch() > 0) write_history(run.history(), options.history->value);
  while (!run.is_done()) {
    run.run_epoch(context);
    context.advance(stage, run.epoch(), options.epochs, "epochs");
    if (is_kept && (run.epoch() % options.checkpoint_every == 0 || run.is_done())) {
      run.save(options.checkpoint->value, context);
    }
    if (options.history) write_history(run.history(), options.history->value);
  }
} catch (const Cancelled&) {
  save_stopped(run, options, context);
  throw;
}

/// Of a run over all events, whose rate falls and whose average begins as those of the first did.
LightGcnOptions refit_options(LightGcnOptions options, int epochs) {
  options = resolved(options);
  options.validation = 0;
  options.epochs = epochs;
  for (auto* file : {&options.checkpoint, &options.history}) {
    if (*file) (*file)->value = refit_name((*file)->value);
  }
  return options;
}

}  // namespace

LightGcnFit fit_lightgcn(const Interactions& events, const LightGcnOptions& options, const Context& context) {
  if (options.history) check_history_name(options.history->value);
  LightGcnFit fit;
  {
    LightGcnRun run(events, options, context);
    run_to_end(run, options, "epochs", context);
    if (options.validation > 0) fit.best = run.best();
    if (!options.refit || options.validation == 0) {
      note_unmet(run.train(), "lightgcn", context);
      fit.factors = run.factors(context);
      return fit;
    }
  }
  const LightGcnOptions all = refit_options(options, fit.best->best_epoch);
  LightGcnRun run(events, all, context);
  run_to_end(run, all, "refit epochs", context);
  note_unmet(events, "lightgcn", context);
  fit.factors = run.factors(context);
  return fit;
}

Factors lightgcn(const Interactions& events, const LightGcnOptions& options, const Context& context) {
  return fit_lightgcn(events, options, context).factors;
}

CostEstimate estimate_lightgcn(const DataSize& size, const LightGcnOptions& options, const Context& context) {
  const int64_t nodes = size.num_rows + size.num_items;
  const int64_t matrix = nodes * options.dim * static_cast<int64_t>(sizeof(float));
  // Vectors, the best, gradient, two moments, buffers, the result; and the average.
  const int64_t num_matrices = options.averaging.kind == Averaging::kNone ? 8 : 9;
  constexpr int64_t kEntryBytes = 48;  // the graph, while it is put in order, and the split
  CostEstimate cost;
  cost.peak_bytes = interactions_bytes(size) + num_matrices * matrix + size.nnz * kEntryBytes;
  constexpr double kBytesPerSecond = 5e10;
  const double bytes = 2.0 * static_cast<double>(size.nnz) * options.dim * 4;
  const double steps = static_cast<double>(size.nnz) / options.batch_size + 1;
  cost.seconds = options.epochs * steps * (2.0 * options.layers * bytes + 9.0 * static_cast<double>(matrix)) /
                 (kBytesPerSecond * context.num_threads());
  return cost;
}

namespace {

RecommenderModel run(const Interactions& events, const LightGcnOptions& options, const Context& context) {
  LightGcnFit fit = fit_lightgcn(events, options, context);
  RecommenderModel model{history_of(events), std::move(fit.factors)};
  if (fit.best) model.record.set("training", fit.best->to_value(options.refit));
  return model;
}

// clang-format off
const bool registered = register_recommender<LightGcnOptions>(
    {.name = "lightgcn",
     .class_name = "LightGCN",
     .summary = "Vectors of users and items, averaged over the graph of who took what while they are learned",
     .description =
         "A node's vector is the mean of its learned vector and of its neighbours' at distances up to K, by the graph's symmetric "
         "matrix; only the first are learned, by Bayesian personalised ranking and Adam. The best of the graph models on their "
         "benchmarks, and far cheaper than ngcf; rp3beta and ials come near in seconds.\n"
         "Training stops by recall@20 of a tenth of every user's items, and the vectors of the best look are kept; --refit then learns "
         "from all events for as many epochs. The authors looked at the test set. Values and times of events are not looked at. Gradients are in closed form: no libtorch.",
     .source = "He, Deng, Wang, Li, Zhang, Wang: LightGCN, SIGIR 2020, arXiv 2002.02126",
     .example = "whitney learn lightgcn events.tsv -o model.safetensors --layers 3 --epochs 200"},
    run, estimate_lightgcn);
// clang-format on

}  // namespace

}  // namespace whitney::recommend
