#include "whitney/graph/modularity.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/symmetric_rows.h"

namespace whitney::graph {
namespace {

constexpr int64_t kBlockNodes = 1 << 12;

// The sides of a bipartite graph, 0 users, 1 items.
std::vector<uint8_t> sides_of_directed(const Graph& graph) {
  const int64_t n = graph.num_nodes();
  std::vector<uint8_t> is_item(static_cast<size_t>(n), 0);
  for (const uint32_t target : graph.targets) is_item[target] = 1;
  for (int64_t node = 0; node < n; ++node) {
    if (is_item[static_cast<size_t>(node)] == 0 || graph.neighbors(node).empty()) continue;
    fail("the graph is not bipartite: edges lead to \"", graph.ids.text(node),
         "\", and one leads from it to \"", graph.ids.text(graph.neighbors(node)[0]), "\"");
  }
  return is_item;
}

std::vector<uint8_t> sides_of_undirected(const Graph& graph) {
  constexpr uint8_t kUnknown = 2;
  std::vector<uint8_t> side(static_cast<size_t>(graph.num_nodes()), kUnknown);
  std::vector<uint32_t> queue;
  for (int64_t first = 0; first < graph.num_nodes(); ++first) {
    if (side[static_cast<size_t>(first)] != kUnknown) continue;
    side[static_cast<size_t>(first)] = 0;
    queue.assign(1, static_cast<uint32_t>(first));
    for (size_t next = 0; next < queue.size(); ++next) {
      const uint32_t node = queue[next];
      for (const uint32_t neighbor : graph.neighbors(node)) {
        if (side[neighbor] == kUnknown) {
          side[neighbor] = static_cast<uint8_t>(1 - side[node]);
          queue.push_back(neighbor);
        } else if (side[neighbor] == side[node]) {
          fail("the graph is not bipartite: \"", graph.ids.text(node), "\" and \"", graph.ids.text(neighbor),
               "\" are joined, and other edges put them on one side");
        }
      }
    }
  }
  return side;
}

// Sums of the rows of the symmetric matrix, loops left out.
std::vector<double> row_sums(const ModularityGraph& graph, const Context& context) {
  std::vector<double> sums(static_cast<size_t>(graph.num_nodes()));
  parallel_blocks(context, graph.num_nodes(), kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t v = begin; v < end; ++v) {
      const int64_t from = graph.offsets[v], to = graph.offsets[v + 1];
      sums[static_cast<size_t>(v)] = graph.weights.empty() ? static_cast<double>(to - from)
                                                           : std::accumulate(graph.weights.begin() + from,
                                                                             graph.weights.begin() + to, 0.0);
    }
  });
  return sums;
}

void set_bipartite_masses(const Graph& graph, std::vector<double> degrees, ModularityGraph& result) {
  const std::vector<uint8_t> side = graph.directed ? sides_of_directed(graph) : sides_of_undirected(graph);
  const size_t n = side.size();
  result.x.assign(n, 0);
  result.y.assign(n, 0);
  for (size_t v = 0; v < n; ++v) (side[v] == 0 ? result.x : result.y)[v] = degrees[v];
  result.order.resize(n);
  std::iota(result.order.begin(), result.order.end(), 0U);
  std::ranges::stable_partition(result.order, [&](uint32_t v) { return side[v] == 0; });
}

void set_directed_masses(const Graph& graph, ModularityGraph& result) {
  const auto n = static_cast<size_t>(graph.num_nodes());
  result.x.assign(n, 0);
  result.y.assign(n, 0);
  for (size_t v = 0; v < n; ++v) {
    for (int64_t e = graph.offsets[static_cast<int64_t>(v)]; e < graph.offsets[static_cast<int64_t>(v) + 1];
         ++e) {
      const double weight = graph.weighted() ? graph.weights[e] : 1.0;
      result.x[v] += weight;
      result.y[graph.targets[e]] += weight;
    }
  }
}

}  // namespace

ModularityGraph make_modularity_graph(const Graph& graph, NullModel model, const Context& context) {
  if (model == NullModel::kDirected && !graph.directed)
    context.note(
        "option \"null_model\": directed is the same as undirected here, for the graph has no directions");
  if (model == NullModel::kAuto) model = graph.directed ? NullModel::kDirected : NullModel::kUndirected;
  SymmetricRows rows = symmetric_rows(graph, context);
  ModularityGraph result;
  result.offsets = std::move(rows.offsets);
  result.neighbors = std::move(rows.neighbors);
  result.weights = std::move(rows.weights);
  result.loops = std::move(rows.loops);
  std::vector<double> degrees = row_sums(result, context);
  double sum = 0;
  for (size_t v = 0; v < degrees.size(); ++v) {
    sum += degrees[v] / 2 + result.loop(static_cast<int64_t>(v));
    degrees[v] += 2 * result.loop(static_cast<int64_t>(v));  // an end at either side of the loop
  }
  result.total_weight = sum;
  if (model == NullModel::kBipartite) {
    set_bipartite_masses(graph, std::move(degrees), result);
  } else if (model == NullModel::kDirected && graph.directed) {
    set_directed_masses(graph, result);
  } else {
    result.x = std::move(degrees);
    for (double& mass : result.x) mass /= 2;
  }
  return result;
}

double modularity(const ModularityGraph& graph, std::span<const uint32_t> labels, double resolution,
                  const Context& context) {
  const int64_t n = graph.num_nodes();
  WHITNEY_CHECK(std::ssize(labels) == n, "labels of another graph");
  if (graph.total_weight <= 0) return 0;
  const auto inside = [&](int64_t begin, int64_t end) {
    double sum = 0;
    for (int64_t v = begin; v < end; ++v) {
      for (int64_t e = graph.offsets[v]; e < graph.offsets[v + 1]; ++e) {
        if (labels[graph.neighbors[e]] == labels[static_cast<size_t>(v)])
          sum += graph.weights.empty() ? 0.5 : graph.weights[e] / 2;  // each edge stands in two rows
      }
      sum += graph.loop(v);
    }
    return sum;
  };
  const double inner = ordered_reduce(context, n, kBlockNodes, 0.0, inside, std::plus<>());
  std::vector<double> x(static_cast<size_t>(n)), y(static_cast<size_t>(n));
  for (size_t v = 0; v < labels.size(); ++v) {
    x[labels[v]] += graph.x[v];
    y[labels[v]] += graph.y_masses()[v];
  }
  const double expected = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  return inner / graph.total_weight - resolution * (expected / graph.total_weight) / graph.total_weight;
}

int64_t renumber(std::span<uint32_t> labels) {
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  const size_t bound = labels.empty() ? 0 : size_t{*std::ranges::max_element(labels)} + 1;
  std::vector<uint32_t> number(bound, kNone);
  uint32_t next = 0;
  for (uint32_t& label : labels) {
    if (number[label] == kNone) number[label] = next++;
    label = number[label];
  }
  return next;
}

}  // namespace whitney::graph
