#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/report.h"

namespace whitney::eval {

/// The table of a comparison: a line for each figure of a task on a graph, a column for each method, and for
/// each baseline that a task measures beside it.
class WHITNEY_API ComparisonTable {
 public:
  /// A task on a graph, by the names in the comparison's file.
  struct Place {
    std::string graph, task;
    /// Names of figures, or texts of labels, whose lines are kept; none: all.
    std::vector<std::string> show;
  };

  /// Columns stand in the order of the methods, baselines behind them.
  explicit ComparisonTable(std::vector<std::string> methods) : columns_(std::move(methods)) {}

  /// Adds what a task reported of a method with one seed. The label `method` of the report's first row names
  /// the method itself; rows of another name are baselines, of which a seed's first figure is kept.
  void add(const Place& place, const std::string& method, uint64_t seed, const Report& report);

  /// Rows with the labels graph, task, setting (the other labels of the task's row), figure and unit, and a
  /// figure for each column that has one: the mean over the seeds, and their lowest and highest where they
  /// differ.
  std::vector<Report::Row> rows() const;

  /// The first figure of each task on each graph, as bars in SVG.
  std::string plot() const;

 private:
  struct Line {
    std::string graph, task, setting, figure, unit;
    /// Column -> seed -> figure.
    std::map<std::string, std::map<uint64_t, Report::Figure>> cells;
  };
  Line& line(const Place& place, const std::string& setting, const Report::Figure& figure);
  void add_column(const std::string& name);

  std::vector<std::string> columns_;
  std::vector<Line> lines_;
};

}  // namespace whitney::eval
