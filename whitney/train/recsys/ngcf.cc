#include "whitney/train/recsys/ngcf.h"

#include <algorithm>
#include <utility>

#include "whitney/core/plug_in.h"
#include "whitney/data/interactions_split.h"
#include "whitney/recommend/lightgcn.h"
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

}  // namespace

RecommenderModel ngcf(const Interactions& events, const NgcfOptions& options, const Context& context) {
  InteractionsSplitOptions split;
  split.test_share = 0;
  split.validation_share = options.validation;
  const InteractionsSplit parts = split_interactions(events, split, context);
  const auto type =
      torch::TensorOptions().dtype(torch::kFloat32).device(nn::device_named(options.training.device));
  const nn::OneTorchThread one;
  NgcfObjective objective(parts.train, parts.validation, options, context.seed, type);
  if (options.factorization_epochs > 0) objective.begin_with(factorized(parts.train, options, context));
  nn::OptimizerOptions adam;
  adam.learning_rate = options.learning_rate;
  const auto optimizer = nn::make_optimizer(adam);
  nn::TrainingOptions training = options.training;
  if (parts.validation.size() == 0) training.stop_metric.reset();
  const nn::RunIdentity identity{.method = "ngcf",
                                 .options = option_values(options),
                                 .seed = context.seed,
                                 .input = fingerprint(events)};
  const nn::Trained trained = nn::train(objective, *optimizer, training, identity, context);
  RecommenderModel model{events, objective.factors(context)};
  model.record.set("training", trained.to_value());
  return model;
}

namespace {

const bool provided = provide_function("ngcf", ngcf);

}  // namespace

}  // namespace whitney::recsys
