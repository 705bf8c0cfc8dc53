#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/value.h"
#include "whitney/train/nn/objective.h"

namespace whitney::nn {

/// The metric of that name. Throws Error, with the names that there are, when it is not among them.
const Metric& watched_metric(const std::vector<Metric>& metrics, const std::string& name);

/// Watches one metric of the validations: which epoch was best, and whether hope is lost.
class EarlyStopping {
 public:
  EarlyStopping(std::optional<std::string> metric, int patience)
      : metric_(std::move(metric)), patience_(patience) {}

  /// Takes a validation at the end of `epoch` (from 0), and tells whether it is the best so far; always false
  /// without a metric to watch. Of equal ones the first is the best. Throws Error, with the names that there
  /// are, when the metric is not among them.
  bool take(const std::vector<Metric>& metrics, int64_t epoch);
  /// Whether as many validations in a row as patience allows were no better.
  bool is_over() const { return metric_ && without_better_ >= patience_; }

  const std::optional<std::string>& metric() const { return metric_; }
  std::optional<int64_t> best_epoch() const { return best_epoch_; }
  double best_value() const { return best_value_; }

  Value state() const;
  void load_state(const Value& state);

 private:
  std::optional<std::string> metric_;
  int patience_;
  std::optional<int64_t> best_epoch_;
  double best_value_ = 0;
  int64_t without_better_ = 0;
};

}  // namespace whitney::nn
