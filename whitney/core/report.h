#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/value.h"

namespace whitney {

/// Figures with names and units, in rows: printable, plottable, machine-readable.
struct WHITNEY_API Report {
  struct Figure {
    std::string name;
    /// "", "%", "seconds", "bytes", "queries/s" ...
    std::string unit;
    double value = 0;
    /// Ends of a confidence interval; absent: none was asked for.
    std::optional<double> low = std::nullopt, high = std::nullopt;
  };
  struct Row {
    /// What the figures of this row belong to, such as {"train_ratio": 0.1}.
    Value labels;
    std::vector<Figure> figures;
  };
  std::string title;
  std::vector<Row> rows;
  /// Sentences about the run (what was left out).
  std::vector<std::string> notes;

  /// The figure of the first row that has it. Throws Error when none has.
  double at(std::string_view name) const;
  /// {"title":…, "rows":[{labels…, "figures":{name:{"value":…,"unit":…[,"low":…,"high":…]}}}], "notes":[…]}
  Value to_value() const;
  /// An aligned table for people.
  std::string to_text() const;
};

/// Aligns cells in columns, the first row a heading; numbers (as their text looks) to the right.
WHITNEY_API std::string text_table(const std::vector<std::vector<std::string>>& rows);

}  // namespace whitney
