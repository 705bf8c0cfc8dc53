#include "whitney/train/nn/rate_options.h"

#include "whitney/core/error.h"

namespace whitney::nn {

std::vector<std::string> RateOptions::ineffective(const TrainingOptions& training) const {
  const RateOptions standard;
  std::vector<std::string> names;
  if (!training.soup.empty()) {
    for (const OptionSpec& spec : option_specs<RateOptions>()) names.push_back(spec.name);
    return names;
  }
  if (schedule != RateSchedule::kConstant) return names;
  if (final_rate != standard.final_rate) names.emplace_back("final_rate");
  if (schedule_epochs) names.emplace_back("schedule_epochs");
  return names;
}

RateOptions RateOptions::resolved(const TrainingOptions& training) const {
  RateOptions result = *this;
  if (schedule == RateSchedule::kConstant) return result;
  if (!schedule_epochs) result.schedule_epochs = training.epochs;
  if (warm_up >= static_cast<double>(*result.schedule_epochs)) {
    throw UsageError(concat("option \"warm_up\" is ", warm_up,
                            " epochs, and the rate is to have fallen after ", *result.schedule_epochs,
                            " (expected: fewer)"));
  }
  return result;
}

}  // namespace whitney::nn
