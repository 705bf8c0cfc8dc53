#pragma once

#include <optional>
#include <string>

#include "whitney/data/graph.h"
#include "whitney/data/labels.h"

namespace whitney::bench {

/// A labelled graph of the real data.
struct LabelledGraph {
  Graph graph;
  Labels labels;
};

/// Gives the folder of a data set under WHITNEY_DATA (default ../shared/data); nothing, with a line on
/// stderr, where it is absent.
std::optional<std::string> find_data(const std::string& name);

/// Reads edges.txt.gz and labels.txt.gz of a data set as an undirected graph without self-loops, as the
/// published figures are made.
std::optional<LabelledGraph> read_labelled_graph(const std::string& name);

}  // namespace whitney::bench
