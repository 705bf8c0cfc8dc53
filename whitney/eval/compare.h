#pragma once

#include <optional>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/eval/compare_file.h"

namespace whitney {

/// A comparison says what it measures in its file.
struct CompareOptions {
  std::optional<Path> plot;
  bool force = false;
  void fields(auto&& field) {
    field("plot", plot, "Also draw the first figure of each task on each graph to this file, as SVG bars");
    field("force", force, "Replace a plot that exists");
  }
};

/// A report, and its picture.
struct Compared {
  Report report;
  std::string plot;
};

/// Runs every task on every method on every graph, with every seed: learns a method's embeddings of a graph
/// once, and puts all figures in one table (eval::ComparisonTable). A task that learns by itself
/// (link-prediction) is given the method's learner. Options `graph` and `directed` of a task are those of the
/// graph unless the file tells them. The report's notes begin with the resolved graphs, methods, tasks and
/// seeds. What fails is told in a note, and the rest goes on. Throws UsageError, before anything is learned,
/// where the file names an unknown method, task or option, or a task needs an input that no graph has.
WHITNEY_API Compared compare(const eval::Comparison& comparison, const Context& context);

}  // namespace whitney
