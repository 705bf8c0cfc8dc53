#include "whitney/recommend/lightgcn.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/adam.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {
namespace {

constexpr int64_t kBlock = 1 << 14;

/// recall@20 of held-out items: the mean over users that have some.
double recall_of(const Factors& factors, const Interactions& train, const Interactions& held_out,
                 const Context& context) {
  constexpr int64_t kListed = 20;
  const auto recommender = factor_recommender(factors.users, factors.items);
  std::vector<uint32_t> users;
  for (int64_t user = 0; user < held_out.num_users(); ++user) {
    if (held_out.degree(user) > 0) users.push_back(static_cast<uint32_t>(user));
  }
  const Interactions* const seen[] = {&train};
  Context quiet = context;
  quiet.progress = nullptr;
  const auto lists = recommend(*recommender, users, kListed, seen, quiet);
  double sum = 0;
  for (size_t i = 0; i < users.size(); ++i) {
    const auto wanted = held_out.items_of(users[i]);
    const auto hits = std::ranges::count_if(
        lists[i], [&](const ScoredItem& item) { return std::ranges::binary_search(wanted, item.item); });
    sum += static_cast<double>(hits) / static_cast<double>(wanted.size());
  }
  return users.empty() ? 0 : sum / static_cast<double>(users.size());
}

InteractionsSplit events_to_learn(const Interactions& events, const LightGcnOptions& options,
                                  const Context& context) {
  InteractionsSplitOptions split;
  split.test_share = 0;
  split.validation_share = options.validation;
  return split_interactions(events, split, context);
}

}  // namespace

std::vector<std::string> LightGcnOptions::ineffective() const {
  std::vector<std::string> names;
  if (validation == 0 && !checkpoint) names.emplace_back("evaluate_every");
  if (validation == 0) names.emplace_back("patience");
  if (resume && !checkpoint) names.emplace_back("resume");
  return names;
}

LightGcnRun::LightGcnRun(const Interactions& events, const LightGcnOptions& options, const Context& context)
    : LightGcnRun(events_to_learn(events, options, context), options, context) {}

LightGcnRun::LightGcnRun(InteractionsSplit parts, const LightGcnOptions& options, const Context& context)
    : options_(options),
      seed_(context.seed),
      train_(std::move(parts.train)),
      held_out_(std::move(parts.validation)),
      model_(train_, options.dim, options.layers, options.deviation, context.seed),
      sampler_(train_, context.seed),
      gradient_(model_.vectors().rows(), options.dim),
      first_moment_(Matrix::zeros(model_.vectors().rows(), options.dim)),
      second_moment_(Matrix::zeros(model_.vectors().rows(), options.dim)),
      best_vectors_(Matrix::copy_of(model_.vectors())) {
  if (options.validation > 0 && held_out_.size() == 0) {
    fail("no user has enough items to hold out a share of ", options.validation,
         " for validation; give a larger share, or 0 to run all epochs");
  }
}

void LightGcnRun::run_epoch(const Context& context) {
  double loss = 0;
  int64_t num_steps = 0;
  for (int64_t first = 0; first < train_.size(); first += options_.batch_size, ++num_steps) {
    context.check_cancelled();
    const int64_t count = std::min(int64_t{options_.batch_size}, train_.size() - first);
    const BprTriples triples = sampler_.sample(epoch_ * train_.size() + first, count, context);
    loss += model_.loss_and_gradient(triples, options_.regularization, gradient_, context);
    if (!std::isfinite(loss)) {
      fail("the loss is no longer a number at step ", step_ + 1, " (epoch ", epoch_ + 1,
           "); try a smaller learning_rate than ", options_.learning_rate);
    }
    const AdamStep step = adam_step(options_.learning_rate, 0.9, 0.999, 1e-8, 0, ++step_);
    const auto* gradient = static_cast<const float*>(gradient_.view().data);
    float *values = model_.mutable_vectors(), *first_moment = first_moment_.mutable_data<float>(),
          *second_moment = second_moment_.mutable_data<float>();
    parallel_blocks(context, gradient_.rows() * gradient_.cols(), kBlock, [&](int64_t begin, int64_t end) {
      apply_adam(step, end - begin, gradient + begin, values + begin, first_moment + begin,
                 second_moment + begin);
    });
  }
  loss_ = loss / static_cast<double>(num_steps);
  ++epoch_;
  if (options_.validation > 0 && epoch_ % options_.evaluate_every == 0) look(context);
}

void LightGcnRun::look(const Context& context) {
  last_recall_ = recall_of(model_.factors(context), train_, held_out_, context);
  ++looks_since_best_;
  if (last_recall_ <= best_recall_) return;
  best_recall_ = last_recall_;
  looks_since_best_ = 0;
  best_vectors_ = Matrix::copy_of(model_.vectors());
}

bool LightGcnRun::is_done() const {
  return epoch_ >= options_.epochs || (options_.validation > 0 && looks_since_best_ >= options_.patience);
}

Factors LightGcnRun::factors(const Context& context) {
  if (best_recall_ == 0) return model_.factors(context);
  const Matrix now = Matrix::copy_of(model_.vectors());
  const auto put = [&](const Matrix& from) {
    std::copy_n(static_cast<const float*>(from.view().data), from.rows() * from.cols(),
                model_.mutable_vectors());
  };
  put(best_vectors_);
  Factors best = model_.factors(context);
  put(now);
  return best;
}

Factors lightgcn(const Interactions& events, const LightGcnOptions& options, const Context& context) {
  LightGcnRun run(events, options, context);
  const bool is_kept = options.checkpoint.has_value();
  if (is_kept && options.resume && std::filesystem::exists(options.checkpoint->value)) {
    run.load(options.checkpoint->value);
  }
  while (!run.is_done()) {
    run.run_epoch(context);
    context.advance("epochs", run.epoch(), options.epochs, "epochs");
    if (is_kept && (run.epoch() % options.evaluate_every == 0 || run.is_done())) {
      run.save(options.checkpoint->value, context);
    }
  }
  return run.factors(context);
}

CostEstimate estimate_lightgcn(const DataSize& size, const LightGcnOptions& options, const Context& context) {
  const int64_t nodes = size.num_rows + size.num_items;
  const int64_t matrix = nodes * options.dim * static_cast<int64_t>(sizeof(float));
  constexpr int64_t kMatrices = 8;     // vectors, the best, gradient, two moments, buffers, the result
  constexpr int64_t kEntryBytes = 48;  // the graph, while it is put in order, and the split
  CostEstimate cost;
  cost.peak_bytes = interactions_bytes(size) + kMatrices * matrix + size.nnz * kEntryBytes;
  constexpr double kBytesPerSecond = 5e10;
  const double bytes = 2.0 * static_cast<double>(size.nnz) * options.dim * 4;
  const double steps = static_cast<double>(size.nnz) / options.batch_size + 1;
  cost.seconds = options.epochs * steps * (2.0 * options.layers * bytes + 9.0 * static_cast<double>(matrix)) /
                 (kBytesPerSecond * context.num_threads());
  return cost;
}

namespace {

RecommenderModel run(const Interactions& events, const LightGcnOptions& options, const Context& context) {
  return {events, lightgcn(events, options, context)};
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
         "Training stops by recall@20 of a tenth of every user's items, and the vectors of the best look are kept. The authors "
         "looked at the test set. Values and times of events are not looked at. Gradients are in closed form: no libtorch.",
     .source = "He, Deng, Wang, Li, Zhang, Wang: LightGCN, SIGIR 2020, arXiv 2002.02126",
     .example = "whitney learn lightgcn events.tsv -o model.safetensors --layers 3 --epochs 200"},
    run, estimate_lightgcn);
// clang-format on

}  // namespace

}  // namespace whitney::recommend
