#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/report.h"
#include "whitney/core/value.h"
#include "whitney/train/nn/objective.h"

namespace whitney::nn {

/// What a training came to epoch by epoch. No clock stands in it: equal runs have equal histories.
class TrainingHistory {
 public:
  /// `epoch` from 0; people read it from 1.
  void add(int64_t epoch, double loss, const std::vector<Metric>& metrics);
  /// A row an epoch with "loss" and the validation's metrics, where there was one.
  const Report& report() const { return report_; }

  Value state() const { return report_.to_value(); }
  void load_state(const Value& state);

 private:
  Report report_{"training", {}, {}};
};

/// Draws each figure of a report over its first label as a plot of its own, below each other, as SVG.
std::string plot_svg(const Report& report);

/// Writes a history: a plot where the name ends in .svg, a report as JSON where it ends in .json. Replaces
/// the file. Throws Error for another ending.
void write_history(const Report& report, const std::string& path);
/// Throws the Error that write_history would throw for the name: before the work.
void check_history_name(const std::string& path);

}  // namespace whitney::nn
