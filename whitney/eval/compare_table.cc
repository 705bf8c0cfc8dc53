#include "whitney/eval/compare_table.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "whitney/core/error.h"
#include "whitney/eval/bar_plot.h"

namespace whitney::eval {
namespace {

std::string text_of(const Value& value) { return value.is_string() ? value.as_string() : value.to_json(); }

std::string label(const Report::Row& row, std::string_view name) {
  const Value* value = row.labels.find(name);
  return value == nullptr ? "" : text_of(*value);
}

// Where a report has one decoder only, its name would part methods of different decoders into lines of their
// own.
bool has_several_decoders(const Report& report) {
  std::set<std::string> decoders;
  for (const Report::Row& row : report.rows) decoders.insert(label(row, "decoder"));
  decoders.erase("");
  return decoders.size() > 1;
}

// "map exact cosine", "train_ratio 0.5": texts speak for themselves, numbers do not.
std::string setting_of(const Report::Row& row, bool with_decoder) {
  std::string setting;
  if (!row.labels.is_object()) return setting;
  for (const auto& [name, value] : row.labels.as_object()) {
    const std::string text = text_of(value);
    if (name == "method" || text.empty() || (name == "decoder" && !with_decoder)) continue;
    setting += (setting.empty() ? "" : " ") + (value.is_string() ? text : concat(name, " ", text));
  }
  return setting;
}

bool is_shown(const std::vector<std::string>& show, const Report::Row& row, const std::string& figure) {
  const auto is_asked = [&](const std::string& text) { return std::ranges::find(show, text) != show.end(); };
  if (show.empty() || is_asked(figure)) return true;
  return row.labels.is_object() && std::ranges::any_of(row.labels.as_object(), [&](const auto& member) {
           return member.first != "method" && is_asked(text_of(member.second));
         });
}

Report::Figure over_seeds(const std::string& column, const std::map<uint64_t, Report::Figure>& seeds) {
  Report::Figure result = seeds.begin()->second;
  result.name = column;
  result.unit.clear();  // a label tells it, for a column holds several
  if (seeds.size() == 1) return result;
  double sum = 0, low = result.value, high = result.value;
  for (const auto& [seed, figure] : seeds) {
    sum += figure.value;
    low = std::min(low, figure.value), high = std::max(high, figure.value);
  }
  result.value = sum / static_cast<double>(seeds.size());
  result.low.reset(), result.high.reset();
  if (low < high) result.low = low, result.high = high;
  return result;
}

}  // namespace

void ComparisonTable::add(const Place& place, const std::string& method, uint64_t seed,
                          const Report& report) {
  if (report.rows.empty()) return;
  const std::string own = label(report.rows.front(), "method");
  const bool with_decoder = has_several_decoders(report);
  for (const Report::Row& row : report.rows) {
    const std::string name = label(row, "method");
    const std::string column = name == own ? method : concat(name, " (baseline)");
    for (const Report::Figure& figure : row.figures) {
      if (!is_shown(place.show, row, figure.name)) continue;
      add_column(column);
      line(place, setting_of(row, with_decoder), figure).cells[column].try_emplace(seed, figure);
    }
  }
}

std::vector<Report::Row> ComparisonTable::rows() const {
  std::vector<Report::Row> result;
  for (const Line& line : lines_) {
    Report::Row& row = result.emplace_back();
    row.labels = Value::object({{"graph", line.graph},
                                {"task", line.task},
                                {"setting", line.setting},
                                {"figure", line.figure},
                                {"unit", line.unit}});
    for (const std::string& column : columns_) {
      if (const auto cell = line.cells.find(column); cell != line.cells.end())
        row.figures.push_back(over_seeds(column, cell->second));
    }
  }
  return result;
}

std::string ComparisonTable::plot() const {
  std::vector<BarPlot> plots;
  std::string shown;
  const std::vector<Report::Row> all = rows();
  for (const Report::Row& row : all) {
    const std::string title = concat(label(row, "graph"), ", ", label(row, "task"), ": ");
    if (plots.empty() || !plots.back().title.starts_with(title)) {
      shown = label(row, "figure");
      const std::string unit = label(row, "unit");
      plots.push_back({concat(title, shown, unit.empty() ? "" : concat(" (", unit, ")")), {}});
    }
    if (label(row, "figure") != shown) continue;
    BarPlot::Group& group = plots.back().groups.emplace_back();
    group.name = label(row, "setting");
    for (const Report::Figure& figure : row.figures)
      group.bars.push_back({figure.name, figure.value, figure.low, figure.high});
  }
  return bar_plots_svg(plots);
}

// A line that is new stands behind the others of its task on its graph.
ComparisonTable::Line& ComparisonTable::line(const Place& place, const std::string& setting,
                                             const Report::Figure& figure) {
  const auto of_place = [&](const Line& line) {
    return line.graph == place.graph && line.task == place.task;
  };
  const auto found = std::ranges::find_if(lines_, [&](const Line& line) {
    return of_place(line) && line.setting == setting && line.figure == figure.name;
  });
  if (found != lines_.end()) return *found;
  const auto last = std::find_if(lines_.rbegin(), lines_.rend(), of_place);
  const auto behind = last == lines_.rend() ? lines_.end() : last.base();
  return *lines_.insert(behind, Line{place.graph, place.task, setting, figure.name, figure.unit, {}});
}

void ComparisonTable::add_column(const std::string& name) {
  if (std::ranges::find(columns_, name) == columns_.end()) columns_.push_back(name);
}

}  // namespace whitney::eval
