#include "whitney/graph/leiden.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/community_moves.h"
#include "whitney/graph/leiden_refine.h"

namespace whitney::graph {
namespace {

class Leiden {
 public:
  Leiden(const ModularityGraph& graph, const LeidenOptions& options, const Context& context)
      : graph_(graph), options_(options), context_(context), random_(context.seed, "leiden", 0) {
    rule_.resolution = options.resolution;
    const double num_edges = static_cast<double>(graph.neighbors.size()) / 2;
    rule_.theta = options.theta * (num_edges > 0 ? graph.total_weight / num_edges : 1);
  }

  int num_levels() const { return num_levels_; }

  /// One iteration from the communities that `labels` tells.
  std::vector<uint32_t> improve(std::vector<uint32_t> labels) {
    // Which node of the current level a row belongs to.
    std::vector<uint32_t> node_of(labels.size());
    std::iota(node_of.begin(), node_of.end(), 0U);
    ModularityGraph level;
    const ModularityGraph* current = &graph_;
    while (true) {
      CommunityMoves moves(*current, std::move(labels), options_.resolution);
      move_by_queue(*current, moves, random_, context_);
      labels = moves.take_labels();
      context_.advance("levels", ++num_levels_, 0, "levels");
      if (count_distinct(labels) == current->num_nodes()) break;
      std::vector<uint32_t> parts = parts_of(*current, labels);
      const int64_t num_parts = renumber(parts);
      std::vector<uint32_t> next_labels(static_cast<size_t>(num_parts));
      for (size_t v = 0; v < parts.size(); ++v) next_labels[parts[v]] = labels[v];
      if (num_parts == current->num_nodes()) {  // no community has an edge inside: they fall apart
        std::iota(labels.begin(), labels.end(), 0U);
        break;
      }
      renumber(next_labels);
      for (uint32_t& node : node_of) node = parts[node];
      level = aggregate(*current, parts, num_parts, context_);
      current = &level;
      labels = std::move(next_labels);
    }
    // Every community is one node, a part that was refined: connected.
    for (uint32_t& node : node_of) node = labels[node];
    return node_of;
  }

 private:
  static int64_t count_distinct(const std::vector<uint32_t>& labels) {
    std::vector<uint8_t> seen(labels.size(), 0);
    int64_t count = 0;
    for (const uint32_t label : labels) count += std::exchange(seen[label], 1) == 0 ? 1 : 0;
    return count;
  }

  // The refined parts; where the draw merged hardly anything, components. Levels of which each merges a few
  // nodes would be as many as there are nodes.
  std::vector<uint32_t> parts_of(const ModularityGraph& graph, const std::vector<uint32_t>& labels) {
    std::vector<uint32_t> parts = refine(graph, labels, rule_, random_);
    constexpr double kMostLeft = 0.95;
    if (static_cast<double>(count_distinct(parts)) > kMostLeft * static_cast<double>(graph.num_nodes()))
      parts = components_within(graph, labels);
    return parts;
  }

  const ModularityGraph& graph_;
  const LeidenOptions& options_;
  const Context& context_;
  RefineRule rule_;
  RandomStream random_;
  int num_levels_ = 0;
};

}  // namespace

Communities leiden_communities(const ModularityGraph& graph, const LeidenOptions& options,
                               const Context& context) {
  std::vector<uint32_t> labels(static_cast<size_t>(graph.num_nodes()));
  std::iota(labels.begin(), labels.end(), 0U);
  Leiden leiden(graph, options, context);
  double best = modularity(graph, labels, options.resolution, context);
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    std::vector<uint32_t> improved = leiden.improve(labels);
    const double found = modularity(graph, improved, options.resolution, context);
    if (found <= best && iteration > 0) break;
    best = found;
    labels = std::move(improved);
  }
  return make_communities(graph, std::move(labels), options.resolution, leiden.num_levels(), context);
}

Table leiden(const Graph& graph, const LeidenOptions& options, const Context& context) {
  const ModularityGraph rows = make_modularity_graph(graph, options.null_model, context);
  return community_table(graph, leiden_communities(rows, options, context), context);
}

namespace {

CostEstimate estimate_leiden(const DataSize& size, const LeidenOptions& options, const Context&) {
  // Refined parts are small: most of the graph is left.
  return estimate_communities(size, 6 + 4.0 * std::min(options.iterations, 4),
                              {.share = 0.52, .of_a_node = 80});
}

// clang-format off
const bool registered = register_graph_learner<LeidenOptions, Table>(
    {.name = "leiden",
     .class_name = "Leiden",
     .summary = "Communities of a graph by modularity, each of them connected",
     .description =
         "Gives each node the number of its community, as louvain does, with a refinement between moves and "
         "aggregation: communities are first split into well connected parts, and the parts become the nodes of the "
         "next level, so that what was joined too early can be taken apart again. No community falls into pieces, and "
         "modularity is a little higher. Repeats from what it has found (iterations).\n"
         "null_model bipartite serves interactions of users and items. Nodes without edges are communities of their "
         "own. Weights count; the directed modularity serves directed graphs, where connected means joined by edges of "
         "any direction. The output is a table with the column community.",
     .source = "Traag, Waltman, van Eck: From Louvain to Leiden: guaranteeing well-connected communities, Scientific "
               "Reports 2019, arXiv 1810.08473",
     .example = "whitney learn leiden edges.tsv -o communities.tsv --resolution 2"},
    leiden, estimate_leiden);
// clang-format on

}  // namespace

}  // namespace whitney::graph
