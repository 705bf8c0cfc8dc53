#include "whitney/train/nn/training_history.h"

#include <limits>

#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"

namespace whitney::nn {

void TrainingHistory::add(int64_t epoch, double loss, const std::vector<Metric>& metrics) {
  Report::Row row;
  row.labels = Value::object({{"epoch", epoch + 1}});
  row.figures.push_back({.name = "loss", .unit = "", .value = loss});
  for (const Metric& metric : metrics)
    row.figures.push_back({.name = metric.name, .unit = "", .value = metric.value});
  report_.rows.push_back(std::move(row));
}

void TrainingHistory::load_state(const Value& state) {
  report_.rows.clear();
  for (const Value& row : state.at("rows").as_list()) {
    std::vector<Metric> metrics;
    double loss = 0;
    for (const auto& [name, figure] : row.at("figures").as_object()) {
      const Value& kept = figure.at("value");  // JSON knows no NaN
      const double value = kept.is_null() ? std::numeric_limits<double>::quiet_NaN() : kept.as_real();
      if (name == "loss")
        loss = value;
      else
        metrics.push_back({name, value});
    }
    add(row.at("epoch").as_int() - 1, loss, metrics);
  }
}

void check_history_name(const std::string& path) {
  if (path.ends_with(".svg") || path.ends_with(".json")) return;
  fail("option \"history\" is \"", path, "\": its name must end in .svg (a plot) or .json (a report)");
}

void write_history(const Report& report, const std::string& path) {
  check_history_name(path);
  AtomicFile file(path, /*force=*/true);
  file.write(path.ends_with(".svg") ? plot_svg(report) : report.to_value().to_json(2) + "\n");
  file.commit();
}

}  // namespace whitney::nn
