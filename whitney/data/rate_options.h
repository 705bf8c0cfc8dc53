#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/options.h"

namespace whitney {

/// How the learning rate goes on after it has warmed up.
enum class RateSchedule : uint8_t { kConstant, kLinear, kCosine };
inline constexpr auto enum_names(RateSchedule) {
  return std::array<std::string_view, 3>{"constant", "linear", "cosine"};
}

/// The learning rate over the epochs: options of trained methods whose paper says nothing else.
struct RateOptions {
  RateSchedule schedule = RateSchedule::kConstant;
  double warm_up = 0;
  double final_rate = 0;
  std::optional<int64_t> schedule_epochs;

  void fields(auto&& field) {
    field("schedule", schedule,
          "constant; linear, cosine (arXiv 1608.03983): the rate falls to final_rate of itself");
    field("warm_up", warm_up, Range{0, 1e6}, "Epochs in which the rate rises to its full height");
    field("final_rate", final_rate, Range{0, 1}, "linear, cosine: share of the rate that remains");
    field(
        "schedule_epochs", schedule_epochs, Range{1, 1e9},
        "linear, cosine: epochs after which final_rate is reached; absent: epochs. Give it where --epochs is "
        "to grow later on");
  }
  /// The names of those that others leave without effect.
  WHITNEY_API std::vector<std::string> ineffective() const;
  /// With the epochs of the training, for which an absent schedule_epochs stands: what a checkpoint is of.
  /// Throws UsageError when the warm-up leaves no epoch to fall in.
  WHITNEY_API RateOptions resolved(int64_t epochs) const;
};

}  // namespace whitney
