#include "whitney/train/nn/training_options.h"

#include <algorithm>
#include <iterator>

namespace whitney::nn {

std::vector<std::string> TrainingOptions::ineffective() const {
  std::vector<std::string> names;
  if (!soup.empty()) {  // Nothing is trained.
    for (const OptionSpec& spec : option_specs<TrainingOptions>()) {
      if (spec.name != "stop_metric" && spec.name != "soup" && spec.name != "device")
        names.push_back(spec.name);
    }
    return names;
  }
  const TrainingOptions standard;
  const auto idle = [&](bool changed, const char* name) {
    if (changed) names.emplace_back(name);
  };
  if (!stop_metric) idle(patience != standard.patience, "patience");
  std::ranges::copy(averaging.ineffective(), std::back_inserter(names));
  if (!checkpoint) {
    idle(checkpoint_every != standard.checkpoint_every, "checkpoint_every");
    idle(resume, "resume");
  }
  return names;
}

std::vector<std::string> TrainingOptions::ineffective(const RateOptions& rate) const {
  std::vector<std::string> names = ineffective();
  if (soup.empty()) {
    std::ranges::copy(rate.ineffective(), std::back_inserter(names));
  } else {
    for (const OptionSpec& spec : option_specs<RateOptions>()) names.push_back(spec.name);
  }
  return names;
}

std::vector<std::string> TrainingOptions::about_the_run() {
  return {"checkpoint", "checkpoint_every", "resume", "history", "soup"};
}

int64_t TrainingOptions::steps_per_epoch(int64_t num_examples) const {
  const int64_t batches = (num_examples + batch_size - 1) / batch_size;
  return (batches + accumulate - 1) / accumulate;
}

int64_t training_bytes(int64_t num_parameters, int optimizer_tensors, const TrainingOptions& options,
                       int shard_gradients) {
  int64_t copies = 1 + shard_gradients + 1 + optimizer_tensors;
  if (options.accumulate > 1) ++copies;
  if (options.averaging.kind != Averaging::kNone)
    copies += 2;                      // the average, and what it stands for meanwhile
  if (options.stop_metric) ++copies;  // the best epoch's
  if (!options.soup.empty()) copies = 1 + std::ssize(options.soup) + 1;  // nothing is trained: the mean
  return num_parameters * copies * static_cast<int64_t>(sizeof(float));
}

}  // namespace whitney::nn
