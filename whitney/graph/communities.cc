#include "whitney/graph/communities.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/groups.h"
#include "whitney/graph/label_table.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {
namespace {

/// Nodes that no edge leads from or to.
int64_t count_isolated(const Graph& graph) {
  std::vector<uint8_t> is_end(static_cast<size_t>(graph.num_nodes()), 0);
  for (size_t v = 0; v < is_end.size(); ++v)
    is_end[v] = graph.neighbors(static_cast<int64_t>(v)).empty() ? 0 : 1;
  if (graph.directed) {
    for (const uint32_t target : graph.targets) is_end[target] = 1;
  }
  return std::ranges::count(is_end, uint8_t{0});
}

}  // namespace

Communities make_communities(const ModularityGraph& graph, std::vector<uint32_t> labels, double resolution,
                             int num_levels, const Context& context) {
  Communities result;
  result.num_communities = renumber(labels);
  const std::vector<int64_t> sizes = sizes_of(labels, result.num_communities);
  std::vector<uint32_t> by_size(sizes.size()), rank(sizes.size());
  std::iota(by_size.begin(), by_size.end(), 0U);
  std::ranges::stable_sort(by_size, [&](uint32_t a, uint32_t b) { return sizes[a] > sizes[b]; });
  for (size_t place = 0; place < by_size.size(); ++place) rank[by_size[place]] = static_cast<uint32_t>(place);
  for (uint32_t& label : labels) label = rank[label];
  result.modularity = modularity(graph, labels, resolution, context);
  result.labels = std::move(labels);
  result.num_levels = num_levels;
  return result;
}

Table community_table(const Graph& graph, const Communities& communities, const Context& context) {
  const std::vector<int64_t> sizes = sizes_of(communities.labels, communities.num_communities);
  const int64_t num_isolated = count_isolated(graph);
  if (num_isolated > 0)
    context.note(concat(num_isolated, num_isolated == 1 ? " node has" : " nodes have",
                        " no edge: each is a community of its own"));
  Value quality = Value::object();
  quality.set("modularity", communities.modularity).set("communities", communities.num_communities);
  quality.set("largest", sizes.empty() ? 0 : sizes.front());
  quality.set("smallest", sizes.empty() ? 0 : sizes.back());
  quality.set("levels", communities.num_levels);
  return label_table(graph.ids, "community", communities.labels, std::move(quality));
}

double first_level_share(const DataSize& size) {
  const double degree =
      static_cast<double>(symmetric_entries(size)) / static_cast<double>(std::max<int64_t>(size.num_rows, 1));
  return std::clamp(5 / std::max(degree, 1.0), 0.2, 1.0);
}

CostEstimate estimate_communities(const DataSize& size, double passes, const LevelCost& level) {
  const int64_t n = size.num_rows, entries = symmetric_entries(size);
  // Masses, labels, orders, and sums of communities.
  const int64_t moving = n * (size.directed ? 91 : 75) + n * level.of_a_node;
  // Rows of communities as they come, in lists that grow by doubling, and then behind one another.
  const auto rows = static_cast<int64_t>(level.share * static_cast<double>(entries * 3 * (4 + 8)));
  CostEstimate cost;
  cost.peak_bytes =
      graph_bytes(size) + std::max(symmetrizing_bytes(size), symmetric_bytes(size) + moving + rows);
  constexpr double kEntriesPerSecond = 8e7;  // measured with one thread: moves are made one by one
  cost.seconds = passes * static_cast<double>(entries) / kEntriesPerSecond;
  return cost;
}

}  // namespace whitney::graph
