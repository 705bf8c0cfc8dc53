#include "whitney/train/nn/early_stopping.h"

#include <cmath>

#include "whitney/core/error.h"

namespace whitney::nn {

const Metric& watched_metric(const std::vector<Metric>& metrics, const std::string& name) {
  std::string known;
  for (const Metric& metric : metrics) {
    if (metric.name == name) return metric;
    known += (known.empty() ? "" : ", ") + metric.name;
  }
  if (known.empty())
    fail("option \"stop_metric\" is \"", name, "\", and there is no validation to take it from");
  fail("option \"stop_metric\" is \"", name, "\", which the validation does not reckon (it gives ", known,
       ")");
}

bool EarlyStopping::take(const std::vector<Metric>& metrics, int64_t epoch) {
  if (!metric_) return false;
  const Metric& metric = watched_metric(metrics, *metric_);
  const bool is_better =
      !std::isnan(metric.value) &&
      (!best_epoch_ || (metric.higher_is_better ? metric.value > best_value_ : metric.value < best_value_));
  if (is_better) {
    best_epoch_ = epoch;
    best_value_ = metric.value;
    without_better_ = 0;
  } else {
    ++without_better_;
  }
  return is_better;
}

Value EarlyStopping::state() const {
  return Value::object({{"best_epoch", best_epoch_ ? Value(*best_epoch_) : Value()},
                        {"best_value", best_value_},
                        {"without_better", without_better_}});
}

void EarlyStopping::load_state(const Value& state) {
  const Value& epoch = state.at("best_epoch");
  best_epoch_.reset();
  if (!epoch.is_null()) best_epoch_ = epoch.as_int();
  best_value_ = state.at("best_value").as_real();
  without_better_ = state.at("without_better").as_int();
}

}  // namespace whitney::nn
