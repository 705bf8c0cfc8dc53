#include "whitney/data/rate_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace whitney {

double schedule_factor(const Schedule& schedule, int64_t step) {
  const int64_t warm_up = schedule.warm_up_steps;
  if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up + 1);
  const int64_t after = step - warm_up, length = std::max<int64_t>(schedule.total_steps - warm_up, 1);
  const double share = std::min(1.0, static_cast<double>(after) / static_cast<double>(length));
  const double lost = 1 - schedule.final_factor;
  switch (schedule.decay) {
    case Decay::kConstant:
      return 1;
    case Decay::kLinear:
      return 1 - lost * share;
    case Decay::kCosine:
      return schedule.final_factor + lost * (1 + std::cos(std::numbers::pi * share)) / 2;
    case Decay::kSteps: {
      const int64_t drops = after / schedule.steps_each;
      return std::pow(schedule.step_factor, static_cast<double>(drops));
    }
  }
  return 1;
}

Schedule schedule_of(const RateOptions& options, int64_t steps_per_epoch) {
  Schedule schedule;
  if (options.schedule == RateSchedule::kLinear) schedule.decay = Decay::kLinear;
  if (options.schedule == RateSchedule::kCosine) schedule.decay = Decay::kCosine;
  schedule.warm_up_steps = std::llround(options.warm_up * static_cast<double>(steps_per_epoch));
  schedule.total_steps = options.schedule_epochs.value_or(1) * steps_per_epoch;
  schedule.final_factor = options.final_rate;
  return schedule;
}

}  // namespace whitney
