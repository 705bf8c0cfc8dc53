#include "whitney/recommend/interaction_graph.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "whitney/linalg/locality_order.h"

namespace whitney::recommend {
namespace {

/// A, with entries of a row ascending; nodes in the order of their rows.
SparseMatrix plain_adjacency(const Interactions& events) {
  const int64_t num_users = events.num_users(), num_nodes = num_users + events.num_items();
  const Interactions of_items = transposed(events);
  SparseMatrix matrix;
  matrix.cols = num_nodes;
  matrix.offsets.reserve(static_cast<size_t>(num_nodes) + 1);
  matrix.columns.reserve(static_cast<size_t>(2 * events.size()));
  for (const uint32_t item : events.targets)
    matrix.columns.push_back(static_cast<uint32_t>(num_users) + item);
  matrix.columns.insert(matrix.columns.end(), of_items.targets.begin(), of_items.targets.end());
  for (int64_t user = 0; user < num_users; ++user) matrix.offsets.push_back(events.offsets[user + 1]);
  for (int64_t item = 0; item < events.num_items(); ++item) {
    matrix.offsets.push_back(events.size() + of_items.offsets[item + 1]);
  }
  return matrix;
}

/// Moves rows to their places and renames columns; adds an entry on the diagonal where wanted.
SparseMatrix placed(const SparseMatrix& from, const std::vector<uint32_t>& order,
                    const std::vector<uint32_t>& place_of, bool with_self) {
  SparseMatrix to;
  to.cols = from.cols;
  to.columns.reserve(from.columns.size() + (with_self ? order.size() : 0));
  for (size_t place = 0; place < order.size(); ++place) {
    const auto begin = static_cast<std::ptrdiff_t>(to.columns.size());
    const size_t node = order[place];
    for (int64_t e = from.offsets[node]; e < from.offsets[node + 1]; ++e) {
      to.columns.push_back(place_of[from.columns[static_cast<size_t>(e)]]);
    }
    if (with_self) to.columns.push_back(static_cast<uint32_t>(place));
    std::sort(to.columns.begin() + begin, to.columns.end());
    to.offsets.push_back(static_cast<int64_t>(to.columns.size()));
  }
  return to;
}

void weigh(SparseMatrix& matrix, Adjacency adjacency) {
  const bool with_self = adjacency == Adjacency::kNorm || adjacency == Adjacency::kNgcf;
  // Neighbours of the node in a row, without itself.
  const auto degree = [&](size_t row) {
    return static_cast<double>(matrix.offsets[row + 1] - matrix.offsets[row] - (with_self ? 1 : 0));
  };
  matrix.weights.resize(matrix.columns.size());
  for (size_t row = 0; row + 1 < matrix.offsets.size(); ++row) {
    for (int64_t e = matrix.offsets[row]; e < matrix.offsets[row + 1]; ++e) {
      const size_t column = matrix.columns[static_cast<size_t>(e)];
      double weight = 1;
      if (adjacency == Adjacency::kSymmetric) weight = 1 / std::sqrt(degree(row) * degree(column));
      if (adjacency == Adjacency::kNorm) weight = 1 / (degree(row) + 1);
      if (adjacency == Adjacency::kGcmc) weight = 1 / degree(row);
      if (adjacency == Adjacency::kNgcf && column != row) weight = 1 / degree(row);
      matrix.weights[static_cast<size_t>(e)] = static_cast<float>(weight);
    }
  }
}

}  // namespace

InteractionGraph interaction_graph(const Interactions& events, Adjacency adjacency, bool reorder) {
  const SparseMatrix plain = plain_adjacency(events);
  InteractionGraph graph{events.num_users(), events.num_items(), {}, {}, {}};
  std::vector<uint32_t> order(static_cast<size_t>(graph.num_nodes()));
  std::iota(order.begin(), order.end(), 0U);
  if (reorder) {
    order = locality_order(plain.view());
    const auto is_user = [&](uint32_t node) { return node < static_cast<uint64_t>(graph.num_users); };
    std::ranges::stable_partition(order, is_user);
  }
  graph.place_of.resize(order.size());
  for (size_t place = 0; place < order.size(); ++place) {
    graph.place_of[order[place]] = static_cast<uint32_t>(place);
  }
  const bool with_self = adjacency == Adjacency::kNorm || adjacency == Adjacency::kNgcf;
  graph.matrix = placed(plain, order, graph.place_of, with_self);
  weigh(graph.matrix, adjacency);
  if (adjacency != Adjacency::kSymmetric && adjacency != Adjacency::kPlain) {
    transpose(graph.matrix.view(), graph.transpose);
  }
  return graph;
}

}  // namespace whitney::recommend
