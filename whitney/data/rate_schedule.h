#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/data/rate_options.h"

namespace whitney {

/// How a learning rate goes on after it has warmed up; kSteps: by step_factor each time.
enum class Decay : uint8_t { kConstant, kLinear, kCosine, kSteps };

/// What the learning rate of a step is multiplied with.
struct Schedule {
  Decay decay = Decay::kConstant;
  /// In which the rate rises to its full height.
  int64_t warm_up_steps = 0;
  /// linear, cosine: where final_factor is reached.
  int64_t total_steps = 1000;
  double final_factor = 0;
  /// steps: what the rate is multiplied with after so many each time.
  int64_t steps_each = 100;
  double step_factor = 0.1;
};

/// The factor of a step, counted from 0: (step + 1) / (warm_up_steps + 1) while it warms up; then, with x the
/// share of the way from there to total_steps, linear 1 - (1 - f) x, cosine f + (1 - f) (1 + cos(pi x)) / 2
/// (arXiv 1608.03983, without restarts).
WHITNEY_API double schedule_factor(const Schedule& schedule, int64_t step);

/// The schedule of these options (resolved), in steps.
WHITNEY_API Schedule schedule_of(const RateOptions& options, int64_t steps_per_epoch);

}  // namespace whitney
