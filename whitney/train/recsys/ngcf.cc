#include "whitney/train/recsys/ngcf.h"

#include <string>
#include <utility>

#include "whitney/core/plug_in.h"
#include "whitney/data/interactions_split.h"
#include "whitney/data/training_history.h"
#include "whitney/recommend/held_out.h"
#include "whitney/recommend/lightgcn.h"
#include "whitney/recommend/unmet.h"
#include "whitney/train/nn/device.h"
#include "whitney/train/nn/one_torch_thread.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/training_loop.h"
#include "whitney/train/recsys/ngcf_objective.h"

namespace whitney::recsys {
namespace {

/// Vectors by BPR without a graph (footnote 4 of the paper): LightGCN of no layers.
Factors factorized(const Interactions& train, const NgcfOptions& options, const Context& context) {
  recommend::LightGcnOptions of_begin;
  of_begin.dim = options.dim;
  of_begin.layers = 0;
  of_begin.epochs = options.factorization_epochs;
  of_begin.validation = 0;
  return recommend::lightgcn(train, of_begin, context);
}

struct Fit {
  nn::Trained trained;
  Factors factors;
};

/// Trains on some events, and stops by others where there are some. `input`: fingerprint of both.
Fit fit(const Interactions& train, const Interactions& held_out, const NgcfOptions& options,
        const std::string& input, const Context& context) {
  const auto type =
      torch::TensorOptions().dtype(torch::kFloat32).device(nn::device_named(options.training.device));
  NgcfObjective objective(train, held_out, options, context.seed, type);
  if (options.factorization_epochs > 0 && options.training.soup.empty())
    objective.begin_with(factorized(train, options, context));
  nn::OptimizerOptions adam;
  adam.learning_rate = options.learning_rate;
  nn::TrainingOptions training = options.training;
  const auto optimizer =
      nn::make_optimizer(adam, schedule_of(options.rate, training.steps_per_epoch(objective.num_examples())));
  if (held_out.size() == 0) training.stop_metric.reset();
  const nn::RunIdentity identity{
      .method = "ngcf", .options = option_values(options), .seed = context.seed, .input = input};
  nn::Trained trained = nn::train(objective, *optimizer, training, identity, context);
  return {std::move(trained), objective.factors(context)};
}

/// Of a run over all events, for as many epochs as were best; its rate and average were resolved for the
/// first.
NgcfOptions refit_options(NgcfOptions options, int64_t epochs) {
  options.validation = 0;
  options.training.epochs = epochs;
  for (auto* file : {&options.training.checkpoint, &options.training.history}) {
    if (*file) (*file)->value = refit_name((*file)->value);
  }
  return options;
}

}  // namespace

RecommenderModel ngcf(const Interactions& events, const NgcfOptions& options, const Context& context) {
  const nn::OneTorchThread one;
  const std::string input = fingerprint(events);
  NgcfOptions own = options;
  own.refit = false;  // what comes after a run is not of it
  own.rate = options.rate.resolved(options.training.epochs);
  own.training.averaging = options.training.averaging.resolved(options.training.epochs);
  const InteractionsSplit parts = recommend::hold_out(events, options.validation, context);
  Fit found = fit(parts.train, parts.validation, own, input, context);
  Value told = found.trained.to_value();
  if (parts.validation.size() > 0) told.set("split_checksum", parts.checksum);
  if (options.refit && found.trained.best_epoch) {
    const int64_t epochs = *found.trained.best_epoch;
    found.factors = fit(events, {}, refit_options(own, epochs), input, context).factors;
    told.set("refit_epochs", epochs);
  }
  recommend::note_unmet(told.find("refit_epochs") != nullptr ? events : parts.train, "ngcf", context);
  RecommenderModel model{history_of(events), std::move(found.factors)};
  model.record.set("training", std::move(told));
  return model;
}

namespace {

const bool provided = provide_function("ngcf", ngcf);

}  // namespace

}  // namespace whitney::recsys
