#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "whitney/core/options.h"

namespace whitney::nn {

/// How a learning rate goes on after it has warmed up.
enum class Decay : uint8_t { kConstant, kLinear, kCosine, kSteps };
inline constexpr auto enum_names(Decay) {
  return std::array<std::string_view, 4>{"constant", "linear", "cosine", "steps"};
}

/// What the learning rate of a step is multiplied with.
struct Schedule {
  Decay decay = Decay::kConstant;
  int warm_up_steps = 0;
  int total_steps = 1000;
  double final_factor = 0;
  int steps_each = 100;
  double step_factor = 0.1;
  void fields(auto&& field) {
    field("decay", decay,
          "constant; linear or cosine: to final_factor at total_steps; steps: by step_factor each time");
    field("warm_up_steps", warm_up_steps, Range{0, 1e9}, "Steps in which the rate rises to its full height");
    field("total_steps", total_steps, Range{1, 1e9}, "linear, cosine: where final_factor is reached");
    field("final_factor", final_factor, Range{0, 1}, "linear, cosine: share of the rate that remains");
    field("steps_each", steps_each, Range{1, 1e9}, "steps: after how many steps each");
    field("step_factor", step_factor, Range{0, 1}, "steps: what the rate is multiplied with");
  }
};

/// The factor of a step, counted from 0: (step + 1) / (warm_up_steps + 1) while it warms up; then, with x the
/// share of the way from there to total_steps, linear 1 - (1 - f) x, cosine f + (1 - f) (1 + cos(pi x)) / 2
/// (arXiv 1608.03983, without restarts).
double schedule_factor(const Schedule& schedule, int64_t step);

}  // namespace whitney::nn
