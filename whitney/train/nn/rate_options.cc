#include "whitney/train/nn/rate_options.h"

namespace whitney::nn {

std::vector<std::string> RateOptions::ineffective() const {
  const RateOptions standard;
  std::vector<std::string> names;
  if (schedule != RateSchedule::kConstant) return names;
  if (final_rate != standard.final_rate) names.emplace_back("final_rate");
  if (schedule_epochs) names.emplace_back("schedule_epochs");
  return names;
}

RateOptions RateOptions::resolved(const TrainingOptions& training) const {
  RateOptions result = *this;
  if (schedule != RateSchedule::kConstant && !schedule_epochs) result.schedule_epochs = training.epochs;
  return result;
}

}  // namespace whitney::nn
