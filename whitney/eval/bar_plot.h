#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Groups of bars on one axis that begins at 0, to be drawn.
struct BarPlot {
  struct Bar {
    std::string name;
    double value = 0;
    /// Ends of an interval, drawn as a line over the bar's end.
    std::optional<double> low = std::nullopt, high = std::nullopt;
  };
  struct Group {
    std::string name;
    std::vector<Bar> bars;
  };
  std::string title;
  std::vector<Group> groups;
};

/// Draws plots one below the other as one SVG picture. Bars lie, with their names on the left and their
/// values at their ends; the colour of a name is the same in each plot. Values that are not finite have no
/// bar.
WHITNEY_API std::string bar_plots_svg(const std::vector<BarPlot>& plots);

}  // namespace whitney::eval
