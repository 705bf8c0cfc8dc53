#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/report.h"
#include "whitney/core/value.h"

namespace whitney {

/// A figure of a validation.
struct TrainingMetric {
  std::string name;
  double value = 0;
  bool higher_is_better = true;
};

/// What a training came to epoch by epoch. No clock stands in it: equal runs have equal histories.
class WHITNEY_API TrainingHistory {
 public:
  /// `epoch` from 0; people read it from 1.
  void add(int64_t epoch, double loss, const std::vector<TrainingMetric>& metrics);
  /// Says a sentence about the run, once.
  void note(const std::string& sentence);
  /// A row an epoch with "loss" and the validation's metrics, where there was one.
  const Report& report() const { return report_; }

  Value state() const { return report_.to_value(); }
  void load_state(const Value& state);

 private:
  Report report_{"training", {}, {}};
};

/// Draws each figure of a report over its first label as a plot of its own, below each other, as SVG.
WHITNEY_API std::string plot_svg(const Report& report);

/// Writes a history: a plot where the name ends in .svg, a report as JSON where it ends in .json. Replaces
/// the file. Throws Error for another ending.
WHITNEY_API void write_history(const Report& report, const std::string& path);
/// Throws the Error that write_history would throw for the name: before the work.
WHITNEY_API void check_history_name(const std::string& path);

/// Tells which examples were held out: figures of histories compare only where it is the same.
WHITNEY_API std::string note_of_split(const std::string& checksum);

/// The name of a file of the training on all events that follows: "run.ck" becomes "run.ck.refit", and
/// "curve.svg", whose end says what it is, "curve.refit.svg".
WHITNEY_API std::string refit_name(const std::string& name);

}  // namespace whitney
