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

/// The undirected graph of the same nodes and edges, without self-loops and weights.
Graph without_self_loops(const Graph& graph);

/// Reads edges.txt.gz and labels.txt.gz of a data set as an undirected graph without self-loops, as the
/// published figures are made.
std::optional<LabelledGraph> read_labelled_graph(const std::string& name);

}  // namespace whitney::bench
