#pragma once

#include <string>
#include <utility>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Curves over one axis, to be drawn.
struct LinePlot {
  struct Curve {
    std::string name;
    /// (x, y), by x. Points that are not finite are left out.
    std::vector<std::pair<double, double>> points;
  };
  std::string title, x_name, y_name;
  /// Decades of x are as wide as each other.
  bool log_x = false;
  std::vector<Curve> curves;
};

/// Draws plots side by side as one SVG picture. The names of the curves stand on the right, once: plots share
/// them, and the colour of a name is the same in each.
WHITNEY_API std::string line_plots_svg(const std::vector<LinePlot>& plots);

}  // namespace whitney::eval
