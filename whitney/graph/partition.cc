#include "whitney/graph/partition.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/groups.h"
#include "whitney/graph/label_table.h"

namespace whitney::graph {
namespace {

// Weights of a node's edges into each part.
void weigh_parts(const SymmetricRows& rows, std::span<const uint32_t> part_of, int64_t node,
                 std::vector<double>& weight_to) {
  std::ranges::fill(weight_to, 0);
  for (int64_t e = rows.offsets[node]; e < rows.offsets[node + 1]; ++e)
    weight_to[part_of[rows.neighbors[e]]] += rows.weights.empty() ? 1 : rows.weights[e];
}

}  // namespace

int64_t PartSizes::cap(int64_t num_nodes) const {
  const int64_t share = (num_nodes + parts - 1) / parts;  // with less, some node has no place
  const double wanted = static_cast<double>(num_nodes) / parts * (1 + max_imbalance);
  if (wanted >= static_cast<double>(num_nodes)) return num_nodes;
  // Rounded up, but not by the last digit of a product that is whole.
  return std::max(share, static_cast<int64_t>(std::ceil(wanted - 1e-12 * wanted)));
}

void PartSizes::check(int64_t num_nodes) const {
  if (parts > num_nodes)
    fail("option \"parts\" is ", parts, ", and the graph has ", num_nodes,
         num_nodes == 1 ? " node" : " nodes", " (expected: at most as many parts)");
}

std::vector<uint8_t> border_of(const Graph& graph, std::span<const uint32_t> part_of) {
  std::vector<uint8_t> is_border(part_of.size(), 0);
  for (int64_t v = 0; v < graph.num_nodes(); ++v) {
    for (const uint32_t neighbor : graph.neighbors(v)) {
      if (part_of[neighbor] == part_of[static_cast<size_t>(v)]) continue;
      is_border[neighbor] = 1;
      is_border[static_cast<size_t>(v)] = 1;
    }
  }
  return is_border;
}

PartitionQuality measure_partition(const Graph& graph, std::span<const uint32_t> part_of, int parts) {
  PartitionQuality quality;
  quality.num_edges = graph.num_edges();
  for (int64_t v = 0; v < graph.num_nodes(); ++v) {
    for (const uint32_t neighbor : graph.neighbors(v))
      quality.cut_edges += part_of[neighbor] != part_of[static_cast<size_t>(v)] ? 1 : 0;
  }
  if (!graph.directed) quality.cut_edges /= 2;  // an edge stands in two rows
  const std::vector<uint8_t> is_border = border_of(graph, part_of);
  quality.border_nodes = std::accumulate(is_border.begin(), is_border.end(), int64_t{0});
  const std::vector<int64_t> sizes = sizes_of(part_of, parts);
  if (sizes.empty() || part_of.empty()) return quality;
  quality.largest = std::ranges::max(sizes);
  quality.smallest = std::ranges::min(sizes);
  quality.balance = static_cast<double>(quality.largest) * parts / static_cast<double>(part_of.size());
  return quality;
}

Value describe(const PartitionQuality& quality) {
  return Value::object({{"cut_ratio", quality.cut_ratio()},
                        {"cut_edges", quality.cut_edges},
                        {"border_nodes", quality.border_nodes},
                        {"largest", quality.largest},
                        {"smallest", quality.smallest},
                        {"balance", quality.balance}});
}

Table partition_table(const Graph& graph, std::span<const uint32_t> part_of, int parts) {
  return label_table(graph.ids, "part", part_of, describe(measure_partition(graph, part_of, parts)));
}

SymmetricRows partition_rows(const Graph& graph, const Context& context) {
  if (graph.directed) context.note("directions have no effect on parts: an edge counts in both");
  return symmetric_rows(graph, context);
}

void hold_cap(const SymmetricRows& rows, std::vector<uint32_t>& part_of, int parts, int64_t cap) {
  std::vector<int64_t> sizes = sizes_of(part_of, parts);
  std::vector<double> weight_to(static_cast<size_t>(parts));
  for (uint32_t part = 0; part < static_cast<uint32_t>(parts); ++part) {
    if (sizes[part] <= cap) continue;
    std::vector<std::pair<double, uint32_t>> by_loss;
    for (size_t v = 0; v < part_of.size(); ++v) {
      if (part_of[v] != part) continue;
      weigh_parts(rows, part_of, static_cast<int64_t>(v), weight_to);
      const double inside = std::exchange(weight_to[part], 0);
      by_loss.emplace_back(inside - std::ranges::max(weight_to), static_cast<uint32_t>(v));
    }
    std::ranges::sort(by_loss);
    for (size_t i = 0; sizes[part] > cap; ++i) {
      const uint32_t node = by_loss[i].second;
      weigh_parts(rows, part_of, node, weight_to);
      uint32_t best = part;
      for (uint32_t other = 0; other < static_cast<uint32_t>(parts); ++other) {
        if (sizes[other] >= cap) continue;
        if (best == part || weight_to[other] > weight_to[best] ||
            (weight_to[other] == weight_to[best] && sizes[other] < sizes[best]))
          best = other;
      }
      part_of[node] = best;
      ++sizes[best];
      --sizes[part];
    }
  }
}

int64_t partition_bytes(const DataSize& size, int64_t working) {
  // Parts of nodes, as they are found and as a column; the border of them.
  return graph_bytes(size) +
         std::max(symmetrizing_bytes(size), symmetric_bytes(size) + size.num_rows * 16 + working);
}

}  // namespace whitney::graph
