#include "whitney/data/rate_options.h"

#include "whitney/core/error.h"

namespace whitney {

std::vector<std::string> RateOptions::ineffective() const {
  const RateOptions standard;
  std::vector<std::string> names;
  if (schedule != RateSchedule::kConstant) return names;
  if (final_rate != standard.final_rate) names.emplace_back("final_rate");
  if (schedule_epochs) names.emplace_back("schedule_epochs");
  return names;
}

RateOptions RateOptions::resolved(int64_t epochs) const {
  RateOptions result = *this;
  if (schedule == RateSchedule::kConstant) return result;
  if (!schedule_epochs) result.schedule_epochs = epochs;
  if (warm_up >= static_cast<double>(*result.schedule_epochs)) {
    throw UsageError(concat("option \"warm_up\" is ", warm_up,
                            " epochs, and the rate is to have fallen after ", *result.schedule_epochs,
                            " (expected: fewer)"));
  }
  return result;
}

}  // namespace whitney
