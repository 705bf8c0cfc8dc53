#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/recall_curve.h"

namespace whitney::bench {

using NamedCurves = std::vector<std::pair<std::string, Curve>>;

/// Writes FOLDER/NAME.json, each program's settings with recall and the rate of every round, and
/// FOLDER/NAME.svg, its median queries/s over recall. Throws Error where a file cannot be written.
void write_curves(const std::string& folder, const std::string& name, const std::string& title,
                  const NamedCurves& curves);

}  // namespace whitney::bench
