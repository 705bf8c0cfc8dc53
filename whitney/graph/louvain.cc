#include "whitney/graph/louvain.h"

#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/random.h"
#include "whitney/graph/community_moves.h"

namespace whitney::graph {
namespace {

std::vector<uint32_t> random_order(int64_t n, uint64_t seed, int level) {
  std::vector<uint32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0U);
  RandomStream random(seed, "louvain order", static_cast<uint64_t>(level));
  random.shuffle(std::span(order));
  return order;
}

// One run through all levels from the communities in `labels`; gives the gain in Q.
double improve(const ModularityGraph& graph, const LouvainOptions& options, const Context& context,
               std::vector<uint32_t>& labels, int& num_levels) {
  ModularityGraph level;
  const ModularityGraph* current = &graph;
  std::vector<uint32_t> merged = labels;
  double total = 0;
  while (true) {
    const int64_t n = current->num_nodes();
    CommunityMoves moves(*current, std::move(merged), options.resolution);
    const std::vector<uint32_t> order =
        options.shuffle ? random_order(n, context.seed, num_levels) : current->order;
    const double gain = move_in_passes(*current, moves, order, options.tolerance, context);
    total += gain;
    merged = moves.take_labels();
    const int64_t num_communities = renumber(merged);
    if (current == &graph) {
      labels = merged;
    } else {
      for (uint32_t& label : labels) label = merged[label];
    }
    context.advance("levels", ++num_levels, 0, "levels");
    const bool may_gain = gain > options.tolerance || current == &graph;
    if (!may_gain || num_communities == n || num_communities <= 1) return total;
    level = aggregate(*current, merged, num_communities, context);
    current = &level;
    merged.resize(static_cast<size_t>(num_communities));
    std::iota(merged.begin(), merged.end(), 0U);
  }
}

}  // namespace

Communities louvain_communities(const ModularityGraph& graph, const LouvainOptions& options,
                                const Context& context) {
  std::vector<uint32_t> labels(static_cast<size_t>(graph.num_nodes()));
  std::iota(labels.begin(), labels.end(), 0U);
  int num_levels = 0;
  for (int iteration = 0; iteration < options.iterations; ++iteration) {
    if (improve(graph, options, context, labels, num_levels) <= options.tolerance) break;
  }
  return make_communities(graph, std::move(labels), options.resolution, num_levels, context);
}

Table louvain(const Graph& graph, const LouvainOptions& options, const Context& context) {
  const ModularityGraph rows = make_modularity_graph(graph, options.null_model, context);
  return community_table(graph, louvain_communities(rows, options, context), context);
}

namespace {

CostEstimate estimate_louvain(const DataSize& size, const LouvainOptions&, const Context&) {
  return estimate_communities(size, 4, {.share = first_level_share(size)});
}

// clang-format off
const bool registered = register_graph_learner<LouvainOptions, Table>(
    {.name = "louvain",
     .class_name = "Louvain",
     .summary = "Communities of a graph by modularity: local moves and aggregation",
     .description =
         "Gives each node the number of its community, so that edges inside communities are many more than the "
         "degrees alone would put there (modularity). Nodes move to the neighbouring community that gains most until "
         "none gains; then each community becomes one node, and so on. Seconds for millions of edges. leiden takes "
         "longer, finds a little more, and never gives a community that falls into pieces.\n"
         "null_model bipartite serves interactions of users and items: one set of communities over both, which can "
         "share rows of an embedding table (GraphHash). Larger resolutions give more rows.\n"
         "Nodes without edges are communities of their own. Weights count; the directed modularity serves directed "
         "graphs. The output is a table with the column community.",
     .source = "Blondel, Guillaume, Lambiotte, Lefebvre: Fast unfolding of communities in large networks, 2008, "
               "arXiv 0803.0476; Barber 2007, arXiv 0707.1616 (bipartite); Wu et al., WWW 2025, arXiv 2412.17245 "
               "(GraphHash)",
     .example = "whitney learn louvain edges.tsv -o communities.tsv"},
    louvain, estimate_louvain);
// clang-format on

}  // namespace

}  // namespace whitney::graph
