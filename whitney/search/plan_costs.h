#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace whitney {

/// What the planner of searches under filters reckons with.
enum class PlanCosts : uint8_t { kStandard, kMeasured };

inline constexpr auto enum_names(PlanCosts) {
  return std::array<std::string_view, 2>{"standard", "measured"};
}

/// The help of an option `plan_costs`.
inline constexpr const char* kPlanCostsHelp =
    "What the steps of a search are taken to cost where a filter leaves the choice between a walk (of ivf: "
    "lists) and a scan. standard: as on the machine of the benches, and the same seed gives the same bytes; "
    "measured: timed "
    "here "
    "when the index is built, in less than a second, and kept with it, so that two runs differ by these few "
    "numbers. From 2,000 vectors on";

}  // namespace whitney
