#include "whitney/data/training_history.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/atomic_file.h"

namespace whitney {

void TrainingHistory::add(int64_t epoch, double loss, const std::vector<TrainingMetric>& metrics) {
  Report::Row row;
  row.labels = Value::object({{"epoch", epoch + 1}});
  row.figures.push_back({.name = "loss", .unit = "", .value = loss});
  for (const TrainingMetric& metric : metrics)
    row.figures.push_back({.name = metric.name, .unit = "", .value = metric.value});
  report_.rows.push_back(std::move(row));
}

void TrainingHistory::note(const std::string& sentence) {
  if (std::ranges::find(report_.notes, sentence) == report_.notes.end()) report_.notes.push_back(sentence);
}

void TrainingHistory::load_state(const Value& state) {
  report_.rows.clear();
  report_.notes.clear();
  if (const Value* notes = state.find("notes")) {
    for (const Value& sentence : notes->as_list()) note(sentence.as_string());
  }
  for (const Value& row : state.at("rows").as_list()) {
    std::vector<TrainingMetric> metrics;
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

std::string note_of_split(const std::string& checksum) {
  return "checksum of the split into training and validation: " + checksum;
}

std::string refit_name(const std::string& name) {
  for (const std::string_view end : {".svg", ".json"}) {
    if (name.ends_with(end)) return concat(name.substr(0, name.size() - end.size()), ".refit", end);
  }
  return name + ".refit";
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

}  // namespace whitney
