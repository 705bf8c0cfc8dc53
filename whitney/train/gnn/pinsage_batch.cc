#include "whitney/train/gnn/pinsage_batch.h"

#include <algorithm>
#include <limits>
#include <span>

namespace whitney::gnn {
namespace {

constexpr uint32_t kNowhere = std::numeric_limits<uint32_t>::max();

/// Appends the row of an item without hidden edges, in places; items that have none yet come last.
void append_row(uint32_t item, const SparseMatrix& neighborhoods, const HiddenEdges& hidden,
                std::vector<uint32_t>& nodes, std::vector<uint32_t>& place_of, SparseMatrix& rows) {
  const auto begin = static_cast<size_t>(neighborhoods.offsets[item]);
  const auto end = static_cast<size_t>(neighborhoods.offsets[item + size_t{1}]);
  const size_t first = rows.columns.size();
  // Few items have hidden edges: the others' neighbours need not be looked for among them.
  const auto from = std::ranges::lower_bound(hidden, std::pair(item, uint32_t{0}));
  const std::span own_hidden(from, std::ranges::upper_bound(from, hidden.end(), std::pair(item, kNowhere)));
  double sum = 0;
  for (size_t e = begin; e < end; ++e) {
    const uint32_t neighbor = neighborhoods.columns[e];
    if (!own_hidden.empty() && std::ranges::binary_search(own_hidden, std::pair(item, neighbor))) continue;
    if (place_of[neighbor] == kNowhere) {
      place_of[neighbor] = static_cast<uint32_t>(nodes.size());
      nodes.push_back(neighbor);
    }
    rows.columns.push_back(place_of[neighbor]);
    rows.weights.push_back(neighborhoods.weights[e]);
    sum += neighborhoods.weights[e];
  }
  if (rows.columns.size() - first < end - begin) {
    for (size_t e = first; e < rows.weights.size(); ++e)
      rows.weights[e] = static_cast<float>(rows.weights[e] / sum);
  }
  rows.offsets.push_back(std::ssize(rows.columns));
}

}  // namespace

LocalGraph local_graph(std::span<const uint32_t> items, int64_t layers, const SparseMatrix& neighborhoods,
                       const HiddenEdges& hidden, const PinSageFeatures& features) {
  LocalGraph graph;
  graph.nodes.assign(items.begin(), items.end());
  std::vector<uint32_t> place_of(static_cast<size_t>(features.num_items()), kNowhere);
  for (size_t place = 0; place < items.size(); ++place) place_of[items[place]] = static_cast<uint32_t>(place);
  for (int64_t k = layers; k > 0; --k) {
    SparseMatrix rows;
    const size_t num_rows = graph.nodes.size();  // S_k; what follows makes it S_{k-1}
    for (size_t row = 0; row < num_rows; ++row)
      append_row(graph.nodes[row], neighborhoods, hidden, graph.nodes, place_of, rows);
    rows.cols = std::ssize(graph.nodes);
    graph.neighborhoods.emplace_back(std::move(rows));
  }
  std::ranges::reverse(graph.neighborhoods);
  graph.features = features.rows(graph.nodes);
  return graph;
}

}  // namespace whitney::gnn
