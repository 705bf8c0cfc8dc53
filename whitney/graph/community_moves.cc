#include "whitney/graph/community_moves.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace whitney::graph {
namespace {

// A gain below this share of what it is the difference of may be rounding: two moves could undo each other
// for ever. With the weight of a node's edges its masses bound the weights, and its masses times the
// resolution what is expected.
constexpr double kRounding = 1e-12;
constexpr int64_t kNodesBetweenStops = 1 << 14;

std::vector<uint32_t> row_order(int64_t n) {
  std::vector<uint32_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

}  // namespace

CommunityMoves::CommunityMoves(const ModularityGraph& graph, double resolution)
    : CommunityMoves(graph, row_order(graph.num_nodes()), resolution) {}

CommunityMoves::CommunityMoves(const ModularityGraph& graph, std::vector<uint32_t> labels, double resolution)
    : graph_(graph),
      rate_(graph.total_weight > 0 ? resolution / graph.total_weight : 0),
      rounding_(kRounding * std::max(1.0, resolution)),
      labels_(std::move(labels)),
      sums_(labels_.size()),
      y_(graph.y.empty() ? 0 : labels_.size()),
      sizes_(labels_.size()) {
  for (size_t v = 0; v < labels_.size(); ++v) {
    const uint32_t label = labels_[v];
    sums_[label].x += graph.x[v];
    if (!graph.y.empty()) y_[label] += graph.y[v];
    ++sizes_[label];
  }
  for (size_t label = sizes_.size(); label-- > 0;) {
    if (sizes_[label] == 0) empty_.push_back(static_cast<uint32_t>(label));
  }
}

template <bool kWeighted>
void CommunityMoves::gather(uint32_t node) {
  const uint32_t* neighbors = graph_.neighbors.data();
  const double* weights = graph_.weights.data();
  const int64_t end = graph_.offsets[int64_t{node} + 1];
  for (int64_t e = graph_.offsets[node]; e < end; ++e) {
    const uint32_t community = labels_[neighbors[e]];
    double& weight = sums_[community].weight_to;
    if (weight == 0) touched_.push_back(community);
    if constexpr (kWeighted) {
      weight += weights[e];
    } else {
      weight += 1;
    }
  }
}

// r (x_v Y(c) + y_v X(c)), with the node's own masses taken off where it is a member.
template <bool kTwoMasses>
double CommunityMoves::expected(uint32_t node, uint32_t community, double x_less, double y_less) const {
  const double x = graph_.x[node];
  if constexpr (kTwoMasses) {
    return rate_ * (x * (y_[community] - y_less) + graph_.y[node] * (sums_[community].x - x_less));
  } else {
    return rate_ * (2 * x * (sums_[community].x - x_less));
  }
}

template <bool kTwoMasses>
Move CommunityMoves::choose(uint32_t node, bool may_leave) {
  const uint32_t own = labels_[node];
  const double own_y = kTwoMasses ? graph_.y[node] : 0;
  const double stay = sums_[own].weight_to - expected<kTwoMasses>(node, own, graph_.x[node], own_y);
  const double least = rounding_ * (graph_.x[node] + (kTwoMasses ? own_y : graph_.x[node]));
  Move best{own, 0};
  for (const uint32_t community : touched_) {
    if (community == own) continue;
    const double gain = sums_[community].weight_to - expected<kTwoMasses>(node, community, 0, 0) - stay;
    if (gain > best.gain || (gain == best.gain && best.to != own && community < best.to))
      best = {community, gain};
  }
  if (may_leave && sizes_[own] > 1 && -stay > best.gain) best = {empty_.back(), -stay};
  return best.gain > least ? best : Move{own, 0};
}

Move CommunityMoves::best_move(uint32_t node, bool may_leave) {
  if (graph_.weights.empty()) {
    gather<false>(node);
  } else {
    gather<true>(node);
  }
  const Move best = graph_.y.empty() ? choose<false>(node, may_leave) : choose<true>(node, may_leave);
  for (const uint32_t community : touched_) sums_[community].weight_to = 0;
  touched_.clear();
  return best;
}

void CommunityMoves::apply(uint32_t node, uint32_t to) {
  const uint32_t from = std::exchange(labels_[node], to);
  sums_[from].x -= graph_.x[node];
  sums_[to].x += graph_.x[node];
  if (!graph_.y.empty()) {
    y_[from] -= graph_.y[node];
    y_[to] += graph_.y[node];
  }
  if (!empty_.empty() && empty_.back() == to) empty_.pop_back();
  ++sizes_[to];
  if (--sizes_[from] == 0) empty_.push_back(from);
}

double move_in_passes(const ModularityGraph& graph, CommunityMoves& moves, std::span<const uint32_t> order,
                      double tolerance, const Context& context) {
  const int64_t n = graph.num_nodes();
  if (graph.total_weight <= 0) return 0;
  std::vector<uint8_t> is_due(static_cast<size_t>(n), 1);
  double total = 0;
  for (bool is_full = true;;) {
    double gain = 0;
    for (int64_t i = 0; i < n; ++i) {
      if (i % kNodesBetweenStops == 0) context.check_cancelled();
      const uint32_t node = order.empty() ? static_cast<uint32_t>(i) : order[static_cast<size_t>(i)];
      if (is_due[node] == 0) continue;
      is_due[node] = 0;
      const Move move = moves.best_move(node, false);
      if (move.gain <= 0) continue;
      moves.apply(node, move.to);
      gain += move.gain / graph.total_weight;
      for (int64_t e = graph.offsets[node]; e < graph.offsets[int64_t{node} + 1]; ++e) {
        const uint32_t neighbor = graph.neighbors[e];
        if (moves.labels()[neighbor] != move.to) is_due[neighbor] = 1;
      }
    }
    total += gain;
    if (gain > tolerance) {
      is_full = false;
    } else if (is_full) {
      break;
    } else {
      is_full = true;
      std::ranges::fill(is_due, uint8_t{1});
    }
  }
  return total;
}

void move_by_queue(const ModularityGraph& graph, CommunityMoves& moves, RandomStream& random,
                   const Context& context) {
  const auto n = static_cast<size_t>(graph.num_nodes());
  if (n == 0) return;
  // A ring of n places: a node stands in it once at most.
  std::vector<uint32_t> queue = row_order(graph.num_nodes());
  random.shuffle(std::span(queue));
  std::vector<uint8_t> is_queued(n, 1);
  size_t head = 0, length = n;
  for (int64_t visits = 0; length > 0; ++visits) {
    if (visits % kNodesBetweenStops == 0) context.check_cancelled();
    const uint32_t node = queue[head];
    head = head + 1 == n ? 0 : head + 1;
    --length;
    is_queued[node] = 0;
    const Move move = moves.best_move(node, true);
    if (move.gain <= 0) continue;
    moves.apply(node, move.to);
    for (int64_t e = graph.offsets[node]; e < graph.offsets[int64_t{node} + 1]; ++e) {
      const uint32_t neighbor = graph.neighbors[e];
      if (is_queued[neighbor] != 0 || moves.labels()[neighbor] == move.to) continue;
      is_queued[neighbor] = 1;
      const size_t place = head + length;
      queue[place >= n ? place - n : place] = neighbor;
      ++length;
    }
  }
}

}  // namespace whitney::graph
