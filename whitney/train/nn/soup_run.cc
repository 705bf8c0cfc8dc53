#include "whitney/train/nn/soup_run.h"

#include <numeric>
#include <string>
#include <vector>

#include "whitney/train/nn/averaging.h"
#include "whitney/train/nn/checkpoint.h"
#include "whitney/train/nn/early_stopping.h"
#include "whitney/train/nn/one_torch_thread.h"

namespace whitney::nn {
namespace {

constexpr const char* kMean = "the mean of the soup";

}  // namespace

Trained make_soup(Objective& objective, const TrainingOptions& options, const Context& context) {
  const OneTorchThread one;
  const torch::NoGradGuard no_gradients;
  std::vector<std::vector<NamedTensor>> ingredients;
  for (const std::string& path : options.soup) {
    ingredients.push_back(load_parameters(path, context));
    copy_into(objective.parameters(), ingredients.back(), path);  // refuses those of another model
  }
  Trained result;
  std::vector<size_t> taken(ingredients.size());
  if (options.stop_metric) {
    const auto metric_of = [&](const std::vector<NamedTensor>& values) {
      copy_into(objective.parameters(), values, kMean);
      return watched_metric(objective.evaluate(context), *options.stop_metric);
    };
    const auto score = [&](const std::vector<NamedTensor>& values) {
      const Metric metric = metric_of(values);
      return metric.higher_is_better ? metric.value : -metric.value;
    };
    const std::vector<NamedTensor> mean = greedy_soup(ingredients, score, &taken);
    result.metric = options.stop_metric;
    result.best_value = metric_of(mean).value;
  } else {
    std::iota(taken.begin(), taken.end(), size_t{0});
    copy_into(objective.parameters(), soup(ingredients), kMean);
  }
  std::string names;
  for (const size_t place : taken) {
    result.soup.push_back(static_cast<int64_t>(place) + 1);
    names += (names.empty() ? "" : ", ") + options.soup[place];
  }
  context.note("the soup is the mean of " + names);
  return result;
}

}  // namespace whitney::nn
