#include "whitney/graph/part_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "whitney/core/parallel.h"
#include "whitney/graph/partition.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
constexpr int64_t kBlockNodes = 1 << 12;

// The sub-graph of `rows` with those edges u -> v for which keep(u, v) holds.
template <class Keep>
PartGraph select(const Graph& graph, std::vector<uint32_t> rows, const Keep& keep, const Context& context) {
  std::vector<uint32_t> local(static_cast<size_t>(graph.num_nodes()), kNone);
  for (size_t i = 0; i < rows.size(); ++i) local[rows[i]] = static_cast<uint32_t>(i);
  const auto n = static_cast<int64_t>(rows.size());
  Array<int64_t> offsets(n + 1, 0);
  int64_t* starts = offsets.mutable_data();
  const auto visit = [&](int64_t i, const auto& take) {
    const int64_t row = rows[static_cast<size_t>(i)];
    for (int64_t e = graph.offsets[row]; e < graph.offsets[row + 1]; ++e) {
      const uint32_t target = graph.targets[e];
      if (local[target] != kNone && keep(static_cast<uint32_t>(row), target)) take(e, local[target]);
    }
  };
  parallel_blocks(context, n, kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) visit(i, [&](int64_t, uint32_t) { ++starts[i + 1]; });
  });
  for (int64_t i = 0; i < n; ++i) starts[i + 1] += starts[i];
  Array<uint32_t> targets(starts[n]);
  Array<float> weights(graph.weighted() ? starts[n] : 0);
  uint32_t* out = targets.mutable_data();
  float* out_weights = weights.mutable_data();
  parallel_blocks(context, n, kBlockNodes, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t place = starts[i];
      visit(i, [&](int64_t e, uint32_t target) {
        out[place] = target;
        if (graph.weighted()) out_weights[place] = graph.weights[e];
        ++place;
      });
    }
  });
  const std::vector<int64_t> wide(rows.begin(), rows.end());
  return {.graph = {.ids = graph.ids.select(wide),
                    .offsets = std::move(offsets),
                    .targets = std::move(targets),
                    .weights = std::move(weights),
                    .directed = graph.directed},
          .rows = std::move(rows),
          .is_core = {}};
}

std::vector<uint32_t> border_rows(const Graph& graph, std::span<const uint32_t> part_of) {
  const std::vector<uint8_t> is_border = border_of(graph, part_of);
  std::vector<uint32_t> rows;
  for (uint32_t v = 0; v < is_border.size(); ++v) {
    if (is_border[v] != 0) rows.push_back(v);
  }
  return rows;
}

// Keeps the `count` nodes with the largest scores, the lower row first among equal ones, ascending.
template <class Score>
void keep_largest(std::vector<uint32_t>& rows, int64_t count, const Score& score) {
  if (std::ssize(rows) <= count) return;
  std::ranges::stable_sort(rows, [&](uint32_t a, uint32_t b) { return score(a) > score(b); });
  rows.resize(static_cast<size_t>(count));
  std::ranges::sort(rows);
}

// The weight of each node's edges into the part, 0 for the part's own nodes.
std::vector<double> weights_into(const Graph& graph, std::span<const uint32_t> part_of, uint32_t part) {
  std::vector<double> result(part_of.size(), 0);
  for (int64_t v = 0; v < graph.num_nodes(); ++v) {
    const bool inside = part_of[static_cast<size_t>(v)] == part;
    if (!inside && !graph.directed) continue;  // the edge stands in the other row as well
    for (int64_t e = graph.offsets[v]; e < graph.offsets[v + 1]; ++e) {
      const uint32_t target = graph.targets[e];
      if (inside == (part_of[target] == part)) continue;
      result[inside ? target : static_cast<size_t>(v)] += graph.weighted() ? graph.weights[e] : 1;
    }
  }
  return result;
}

}  // namespace

std::vector<uint32_t> rows_of_part(std::span<const uint32_t> part_of, uint32_t part) {
  std::vector<uint32_t> rows;
  for (uint32_t v = 0; v < part_of.size(); ++v) {
    if (part_of[v] == part) rows.push_back(v);
  }
  return rows;
}

PartGraph induced_graph(const Graph& graph, std::vector<uint32_t> rows, const Context& context) {
  return select(graph, std::move(rows), [](uint32_t, uint32_t) { return true; }, context);
}

PartGraph part_with_halo(const Graph& graph, std::span<const uint32_t> part_of, uint32_t part,
                         double max_halo, const Context& context) {
  std::vector<uint32_t> rows = rows_of_part(part_of, part);
  const std::vector<double> weight = weights_into(graph, part_of, part);
  std::vector<uint32_t> halo;
  for (uint32_t v = 0; v < weight.size(); ++v) {
    if (weight[v] > 0) halo.push_back(v);
  }
  const auto most = static_cast<int64_t>(std::ceil(max_halo * static_cast<double>(rows.size())));
  keep_largest(halo, most, [&](uint32_t v) { return weight[v]; });
  const auto middle = std::ssize(rows);
  rows.insert(rows.end(), halo.begin(), halo.end());
  std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end());
  PartGraph result = induced_graph(graph, std::move(rows), context);
  for (const uint32_t row : result.rows) result.is_core.push_back(part_of[row] == part ? 1 : 0);
  return result;
}

PartGraph border_graph(const Graph& graph, std::span<const uint32_t> part_of, BorderEdges edges,
                       const Context& context) {
  return select(
      graph, border_rows(graph, part_of),
      [&](uint32_t u, uint32_t v) { return edges == BorderEdges::kInduced || part_of[u] != part_of[v]; },
      context);
}

PartGraph frame_graph(const Graph& graph, std::span<const uint32_t> part_of, int64_t max_nodes,
                      const Context& context) {
  const auto degree = [&](uint32_t v) { return graph.neighbors(v).size(); };
  const std::vector<uint8_t> is_border = border_of(graph, part_of);
  std::vector<uint32_t> rows, inner;
  for (uint32_t v = 0; v < is_border.size(); ++v) {
    if (is_border[v] != 0)
      rows.push_back(v);
    else if (degree(v) > 0)
      inner.push_back(v);
  }
  keep_largest(rows, max_nodes, degree);
  if (!rows.empty()) {
    keep_largest(inner, std::max<int64_t>(0, max_nodes - std::ssize(rows)), degree);
    const auto middle = std::ssize(rows);
    rows.insert(rows.end(), inner.begin(), inner.end());
    std::inplace_merge(rows.begin(), rows.begin() + middle, rows.end());
  }
  return induced_graph(graph, std::move(rows), context);
}

}  // namespace whitney::graph
