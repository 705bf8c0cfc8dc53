#include "whitney/graph/struc2vec_layers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "whitney/core/parallel.h"
#include "whitney/graph/struc2vec_rings.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kNowhere = UINT32_MAX;
constexpr float kApart = std::numeric_limits<float>::infinity();
constexpr int64_t kPlacesAtOnce = 16;

}  // namespace

int64_t context_reach(int64_t n, bool limited_pairs) {
  const int64_t all = std::max<int64_t>(n - 1, 0);
  if (!limited_pairs || n < 2) return all;
  return std::min(all, static_cast<int64_t>(std::ceil(std::log2(static_cast<double>(n)))));
}

ContextGraph::ContextGraph(const Graph& graph, const ContextGraphRule& rule, const Context& context)
    : place_of_(static_cast<size_t>(graph.num_nodes()), kNowhere), num_rings_(rule.num_layers) {
  const std::vector<uint32_t> degrees = degrees_without_loops(graph);
  for (uint32_t v = 0; v < degrees.size(); ++v) {
    if (degrees[v] > 0) order_.push_back(v);
  }
  std::stable_sort(order_.begin(), order_.end(),
                   [&](uint32_t u, uint32_t v) { return degrees[u] < degrees[v]; });
  for (size_t place = 0; place < order_.size(); ++place)
    place_of_[order_[place]] = static_cast<uint32_t>(place);
  reach_ = context_reach(std::ssize(order_), rule.limited_pairs);
  compare_rings(graph, rule, context);
  for (int64_t k = 0; k < num_rings_; ++k) {
    Layer layer = make_layer(k, context);
    if (layer.targets.empty()) break;
    layers_.push_back(std::move(layer));
  }
}

void ContextGraph::compare_rings(const Graph& graph, const ContextGraphRule& rule, const Context& context) {
  const RingDegrees rings(graph, order_, num_rings_, rule.compressed, context);
  const auto n = std::ssize(order_);
  distances_.assign(static_cast<size_t>(n * reach_ * num_rings_), kApart);
  const int64_t num_blocks = (n + kPlacesAtOnce - 1) / kPlacesAtOnce;
  std::vector<std::vector<double>> scratch(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, num_blocks, [&](int worker, int64_t block) {
    const int64_t begin = block * kPlacesAtOnce;
    for (int64_t low = begin; low < std::min(n, begin + kPlacesAtOnce); ++low) {
      for (int64_t high = low + 1; high <= std::min(low + reach_, n - 1); ++high) {
        double distance = 0;
        for (int64_t k = 0; k < num_rings_; ++k) {
          const auto a = rings.ring(low, k), b = rings.ring(high, k);
          if (a.empty() || b.empty()) break;
          distance += ring_distance(a, b, scratch[static_cast<size_t>(worker)]);
          pair(low, high, k) = static_cast<float>(distance);
        }
      }
    }
  });
}

ContextGraph::Layer ContextGraph::make_layer(int64_t k, const Context& context) const {
  const auto n = std::ssize(order_);
  Layer layer;
  layer.offsets.push_back(0);
  std::vector<float> distances;
  for (int64_t at = 0; at < n; ++at) {
    for (int64_t other = std::max<int64_t>(0, at - reach_); other <= std::min(n - 1, at + reach_); ++other) {
      if (other == at) continue;
      const float distance = pair(std::min(at, other), std::max(at, other), k);
      if (distance == kApart) continue;
      layer.targets.push_back(static_cast<uint32_t>(other));
      distances.push_back(distance);
    }
    layer.offsets.push_back(std::ssize(layer.targets));
  }
  double total = 0;
  for (const float distance : distances) total += std::exp(-double{distance});
  const double mean = distances.empty() ? 0 : total / static_cast<double>(distances.size());
  layer.slots.resize(layer.targets.size());
  layer.up.resize(order_.size());
  parallel_blocks(context, n, 1024, [&](int64_t begin, int64_t end) {
    AliasScratch scratch;
    std::vector<double> weights;
    for (auto at = static_cast<size_t>(begin); at < static_cast<size_t>(end); ++at) {
      const auto first = static_cast<size_t>(layer.offsets[at]);
      const auto count = static_cast<size_t>(layer.offsets[at + 1]) - first;
      const std::span<const float> row = std::span(distances).subspan(first, count);
      const auto above = std::ranges::count_if(row, [&](float f) { return std::exp(-double{f}) > mean; });
      const double rise = std::log(static_cast<double>(above) + std::numbers::e);
      layer.up[at] = static_cast<float>(rise / (rise + 1));
      // Less the nearest's distance, which changes no odds: a hub's weights would all be 0.
      const float nearest = count == 0 ? 0 : *std::ranges::min_element(row);
      weights.clear();
      for (const float f : row) weights.push_back(std::exp(-double{f - nearest}));
      fill_alias_slots(weights, std::span(layer.slots).subspan(first, count), scratch);
    }
  });
  return layer;
}

bool ContextGraph::has_edges(int64_t layer, uint32_t node) const {
  const uint32_t place = place_of_[node];
  if (place == kNowhere || layer >= num_layers()) return false;
  const auto& offsets = layers_[static_cast<size_t>(layer)].offsets;
  return offsets[place] < offsets[place + 1];
}

uint32_t ContextGraph::draw(int64_t layer, uint32_t node, uint64_t random) const {
  const Layer& edges = layers_[static_cast<size_t>(layer)];
  const uint32_t place = place_of_[node];
  const auto first = static_cast<size_t>(edges.offsets[place]);
  const auto count = static_cast<size_t>(edges.offsets[place + 1]) - first;
  return order_[edges.targets[first + draw_alias(std::span(edges.slots).subspan(first, count), random)]];
}

float ContextGraph::up(int64_t layer, uint32_t node) const {
  return layers_[static_cast<size_t>(layer)].up[place_of_[node]];
}

double ContextGraph::distance(int64_t layer, uint32_t u, uint32_t v) const {
  const int64_t a = place_of_[u], b = place_of_[v];
  const auto [low, high] = std::minmax(a, b);
  if (a == kNowhere || b == kNowhere || low == high || high - low > reach_) return kApart;
  return pair(low, high, layer);
}

}  // namespace whitney::graph
