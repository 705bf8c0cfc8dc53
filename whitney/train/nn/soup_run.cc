#include "whitney/train/nn/soup_run.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/train/nn/averaging.h"
#include "whitney/train/nn/checkpoint.h"
#include "whitney/train/nn/early_stopping.h"
#include "whitney/train/nn/one_torch_thread.h"

namespace whitney::nn {
namespace {

constexpr const char* kMean = "the mean of the soup";
constexpr std::string_view kHeldOut = "validation";

/// Of the identity what an ingredient shares with it.
RunIdentity shared_identity(const RunIdentity& identity, bool is_judged) {
  RunIdentity shared = identity;
  shared.options = Value::object();
  const Value* held_out = identity.options.find(kHeldOut);
  if (is_judged && held_out != nullptr) shared.options.set(std::string(kHeldOut), *held_out);
  return shared;
}

/// What records tell of an ingredient.
Value told_of(const Artifact& checkpoint, size_t place) {
  Value told = Value::object({{"number", static_cast<int64_t>(place) + 1}});
  for (const char* name : {"epoch", "options"}) {
    const Value* found = checkpoint.record().find(name);
    if (found != nullptr) told.set(name, *found);
  }
  return told;
}

/// Puts the greedy soup into the objective; gives the places of what was taken.
std::vector<size_t> put_greedy_soup(Objective& objective,
                                    const std::vector<std::vector<NamedTensor>>& ingredients,
                                    const std::string& name, double& best_value, const Context& context) {
  const auto metric_of = [&](const std::vector<NamedTensor>& values) {
    copy_into(objective.parameters(), values, kMean);
    return watched_metric(objective.evaluate(context), name);
  };
  const auto score = [&](const std::vector<NamedTensor>& values) {
    const Metric metric = metric_of(values);
    if (std::isnan(metric.value)) return -std::numeric_limits<double>::infinity();
    return metric.higher_is_better ? metric.value : -metric.value;
  };
  std::vector<size_t> taken;
  best_value = metric_of(greedy_soup(ingredients, score, &taken)).value;
  return taken;
}

}  // namespace

Trained make_soup(Objective& objective, const TrainingOptions& options, const RunIdentity& identity,
                  const Context& context) {
  const OneTorchThread one;
  const torch::NoGradGuard no_gradients;
  const RunIdentity shared = shared_identity(identity, options.stop_metric.has_value());
  std::vector<std::vector<NamedTensor>> ingredients;
  Value::List told;
  for (const Path& path : options.soup) {
    const Artifact checkpoint = open_checkpoint(path.value, context);
    require_same_run(checkpoint, shared);
    told.push_back(told_of(checkpoint, ingredients.size()));
    ingredients.push_back(kept_parameters(checkpoint));
    copy_into(objective.parameters(), ingredients.back(), path.value);  // refuses those of another model
  }
  std::vector<size_t> taken(ingredients.size());
  Trained result;
  if (options.stop_metric) {
    taken = put_greedy_soup(objective, ingredients, *options.stop_metric, result.best_value, context);
    result.metric = options.stop_metric;
    if (!std::isfinite(result.best_value))
      fail(identity.method, ": the soup's ", *options.stop_metric, " is ", result.best_value);
  } else {
    std::iota(taken.begin(), taken.end(), size_t{0});
    copy_into(objective.parameters(), soup(ingredients), kMean);
  }
  std::string names;
  for (const size_t place : taken) {
    result.soup.push_back(told[place]);
    names += (names.empty() ? "" : ", ") + options.soup[place].value;
  }
  context.note("the soup is the mean of " + names);
  return result;
}

}  // namespace whitney::nn
