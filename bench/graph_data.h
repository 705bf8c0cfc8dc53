#pragma once

#include <optional>
#include <string>

#include "bench/data_folder.h"
#include "whitney/data/graph.h"
#include "whitney/data/labels.h"

namespace whitney::bench {

/// A labelled graph of the real data.
struct LabelledGraph {
  Graph graph;
  Labels labels;
};

/// Reads edges.txt.gz and labels.txt.gz of a data set as an undirected graph without self-loops, as the
/// published figures are made.
std::optional<LabelledGraph> read_labelled_graph(const std::string& name);

}  // namespace whitney::bench
