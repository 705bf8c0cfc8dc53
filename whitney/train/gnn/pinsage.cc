#include "whitney/train/gnn/pinsage.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"
#include "whitney/core/plug_in.h"
#include "whitney/data/readers.h"
#include "whitney/train/gnn/pinsage_objective.h"
#include "whitney/train/nn/device.h"
#include "whitney/train/nn/one_torch_thread.h"
#include "whitney/train/nn/optimizers.h"
#include "whitney/train/nn/training_loop.h"

namespace whitney::gnn {
namespace {

/// The features of the events' items, in their order, and a hash of them.
struct ItemFeatures {
  Matrix rows;
  std::string fingerprint;
};

ItemFeatures read_features(const Interactions& events, const PinSageOptions& options,
                           const Context& context) {
  if (!options.features) {
    throw UsageError("pinsage needs option \"features\": a file of the items' features, vectors by id");
  }
  const Embeddings given = read_vectors(options.features->value, TableOptions(), context);
  ItemFeatures features{infer::features_of_items(events.items, given, context), {}};
  features.fingerprint = fingerprint(Embeddings{events.items, features.rows, {}});
  return features;
}

/// Says what of the events is not read.
void tell_unused(const Interactions& events, const Context& context) {
  if (!events.values.empty()) context.note("pinsage does not read values: each event counts alike");
}

/// Adam whose rate rises through the first epoch and then falls with each step, `decay` an epoch.
std::unique_ptr<nn::Optimizer> make_adam(int64_t num_examples, const PinSageOptions& options) {
  const nn::TrainingOptions& training = options.training;
  const int64_t steps = training.steps_per_epoch(num_examples);
  nn::OptimizerOptions adam;
  adam.learning_rate = options.learning_rate;
  Schedule schedule;
  schedule.warm_up_steps = training.epochs > 1 ? steps : 0;
  schedule.decay = Decay::kSteps;
  schedule.steps_each = 1;
  schedule.step_factor = std::pow(options.decay, 1.0 / static_cast<double>(std::max<int64_t>(steps, 1)));
  return nn::make_optimizer(adam, schedule);
}

/// The weights of a trained network.
ItemModel trained_model(const Interactions& events, const ItemFeatures& features,
                        const PinSageOptions& options, const Context& context) {
  const PinSageLabels labels =
      options.labels ? read_item_pairs(options.labels->value, events, options.validation, context)
                     : labels_of_contexts(events, options.validation, context);
  if (labels.train.empty())
    fail("pinsage: there is no label to learn from (expected: a context of two items or more)");
  const infer::PinSageSettings settings = options.settings(features.rows.cols(), context.seed);
  const PinSageFeatures inputs(
      features.rows, settings.log_degree ? infer::pinsage_degrees(labels.graph) : std::vector<float>());
  const auto type =
      torch::TensorOptions().dtype(torch::kFloat32).device(nn::device_named(options.training.device));
  const nn::OneTorchThread one;
  PinSageObjective objective(labels, inputs, settings, options, type, context);
  const auto optimizer = make_adam(objective.num_examples(), options);
  nn::TrainingOptions training = options.training;
  if (labels.validation.empty()) training.stop_metric.reset();
  Hasher128 input;
  for (const std::string& part : {fingerprint(events), features.fingerprint})
    input.update(part.data(), std::ssize(part));
  if (!labels.train.empty())
    input.update(labels.train.data(), std::ssize(labels.train) * static_cast<int64_t>(sizeof(ItemPair)));
  const nn::RunIdentity identity{
      .method = "pinsage", .options = option_values(options), .seed = context.seed, .input = input.digest()};
  const nn::Trained trained = nn::train(objective, *optimizer, training, identity, context);
  ItemModel model = objective.network().model();
  model.items.record.set("training", trained.to_value());
  Value told =
      Value::object({{"train", std::ssize(labels.train)}, {"validation", std::ssize(labels.validation)}});
  if (!labels.validation.empty()) told.set("split_checksum", checksum_of(labels));
  model.items.record.set("labels", std::move(told));
  return model;
}

}  // namespace

ItemModel pinsage(const Interactions& events, const PinSageOptions& options, const Context& context) {
  tell_unused(events, context);
  const ItemFeatures features = read_features(events, options, context);
  ItemModel model =
      options.like ? load_item_model(options.like->value) : trained_model(events, features, options, context);
  Interactions edges = history_of(events);
  const infer::PinSageModel embedder(model);
  Embeddings items =
      embedder.embed(events.items, features.rows, graph::item_contexts(edges, context), context);
  model.items.ids = std::move(items.ids);
  model.items.vectors = std::move(items.vectors);
  model.items.attributes = {};
  if (options.like) model.items.record = Value::object({{"weights_of", model.items.record}});
  model.items.record.set("metric", items.record.at("metric"));
  model.items.record.set("features_fingerprint", features.fingerprint);
  return model;
}

namespace {

const bool provided = provide_function("pinsage", pinsage);

}  // namespace

}  // namespace whitney::gnn
