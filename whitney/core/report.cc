#include "whitney/core/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace whitney {
namespace {

bool looks_like_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("+-0123456789.,eE%") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

// Columns as people see them: one per code point, so that UTF-8 stays aligned.
size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string figure_text(double value) {
  if (std::isnan(value)) return "-";
  char text[64];
  if (value == std::floor(value) && std::abs(value) < 1e15)
    std::snprintf(text, sizeof(text), "%.0f", value);
  else
    std::snprintf(text, sizeof(text), "%.4g", value);
  return text;
}

std::string figure_text(const Report::Figure& figure) {
  std::string text = figure_text(figure.value);
  if (figure.low && figure.high)
    text += " [" + figure_text(*figure.low) + ", " + figure_text(*figure.high) + "]";
  return text;
}

Value figure_value(const Report::Figure& figure) {
  Value value = Value::object({{"value", figure.value}, {"unit", figure.unit}});
  if (figure.low) value.set("low", *figure.low);
  if (figure.high) value.set("high", *figure.high);
  return value;
}

std::string label_text(const Value& value) { return value.is_string() ? value.as_string() : value.to_json(); }

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

const Report::Figure* find_figure(const Report::Row& row, std::string_view name) {
  for (const Report::Figure& figure : row.figures) {
    if (figure.name == name) return &figure;
  }
  return nullptr;
}

}  // namespace

double Report::at(std::string_view name) const {
  for (const Row& row : rows) {
    if (const Figure* figure = find_figure(row, name)) return figure->value;
  }
  fail("the report \"", title, "\" has no figure \"", name, "\"");
}

Value Report::to_value() const {
  Value::List row_values;
  for (const Row& row : rows) {
    Value value = Value::object();
    if (row.labels.is_object()) {
      for (const auto& [key, label] : row.labels.as_object()) value.set(key, label);
    }
    Value figures = Value::object();
    for (const Figure& figure : row.figures) figures.set(figure.name, figure_value(figure));
    value.set("figures", std::move(figures));
    row_values.push_back(std::move(value));
  }
  Value::List note_values(notes.begin(), notes.end());
  return Value::object(
      {{"title", title}, {"rows", std::move(row_values)}, {"notes", std::move(note_values)}});
}

std::string Report::to_text() const {
  std::vector<std::string> labels, figures, heading;
  for (const Row& row : rows) {
    if (row.labels.is_object()) {
      for (const auto& member : row.labels.as_object()) add_once(labels, member.first);
    }
    for (const Figure& figure : row.figures) {
      if (std::find(figures.begin(), figures.end(), figure.name) != figures.end()) continue;
      figures.push_back(figure.name);
      heading.push_back(figure.unit.empty() ? figure.name : figure.name + " (" + figure.unit + ")");
    }
  }
  heading.insert(heading.begin(), labels.begin(), labels.end());
  std::vector<std::vector<std::string>> cells{heading};
  for (const Row& row : rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (const std::string& label : labels) {
      const Value* value = row.labels.find(label);
      line.push_back(value != nullptr ? label_text(*value) : "");
    }
    for (const std::string& name : figures) {
      const Figure* figure = find_figure(row, name);
      line.push_back(figure != nullptr ? figure_text(*figure) : "");
    }
  }
  std::string text = title.empty() ? "" : title + "\n";
  text += text_table(cells);
  for (const std::string& note : notes) text += "note: " + note + "\n";
  return text;
}

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  std::vector<bool> numeric;
  for (size_t r = 0; r < rows.size(); ++r) {
    for (size_t c = 0; c < rows[r].size(); ++c) {
      if (c >= widths.size()) {
        widths.push_back(0);
        numeric.push_back(true);
      }
      widths[c] = std::max(widths[c], width_of(rows[r][c]));
      if (r > 0 && !rows[r][c].empty() && rows[r][c] != "-" && !looks_like_number(rows[r][c]))
        numeric[c] = false;
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      const std::string padding(widths[c] - width_of(row[c]), ' ');
      line += (c > 0 ? "  " : "") + (numeric[c] ? padding + row[c] : row[c] + padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace whitney
