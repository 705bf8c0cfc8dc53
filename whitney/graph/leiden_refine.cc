#include "whitney/graph/leiden_refine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace whitney::graph {
namespace {

/// The parts that communities are split in, while they grow.
class Refinement {
 public:
  Refinement(const ModularityGraph& graph, std::span<const uint32_t> communities, const RefineRule& rule)
      : graph_(graph),
        communities_(communities),
        rate_(graph.total_weight > 0 ? rule.resolution / graph.total_weight : 0),
        theta_(rule.theta),
        whole_(communities.size()),
        parts_(communities.size()),
        inward_(communities.size()),
        weight_to_(communities.size()) {
    labels_.resize(communities.size());
    std::iota(labels_.begin(), labels_.end(), 0U);
    for (size_t v = 0; v < communities.size(); ++v) {
      const Masses own = masses_of(static_cast<uint32_t>(v));
      whole_[communities[v]].x += own.x;
      whole_[communities[v]].y += own.y;
      inward_[v] = weight_inward(static_cast<uint32_t>(v));
      parts_[v] = {own, inward_[v], 1};
    }
  }

  void visit(uint32_t node, RandomStream& random) {
    if (labels_[node] != node || parts_[node].size != 1) return;  // it has company already
    const Masses& whole = whole_[communities_[node]];
    if (!is_well_connected(parts_[node], whole)) return;
    find_candidates(node, whole);
    const uint32_t to = candidates_.empty() ? node : draw(node, random);
    if (to != node) merge(node, to);
    for (const uint32_t part : touched_) weight_to_[part] = 0;
  }

  std::vector<uint32_t> take_labels() { return std::move(labels_); }

 private:
  struct Masses {
    double x = 0, y = 0;
  };
  struct Part {
    Masses masses;
    double cut = 0;  // weight of its edges into the rest of its community
    uint32_t size = 0;
  };
  struct Candidate {
    uint32_t part;
    double gain;
  };

  Masses masses_of(uint32_t node) const { return {graph_.x[node], graph_.y_masses()[node]}; }
  double weight(int64_t e) const { return graph_.weights.empty() ? 1.0 : graph_.weights[e]; }
  double expected(const Masses& a, const Masses& b) const { return rate_ * (a.x * b.y + a.y * b.x); }

  double weight_inward(uint32_t node) const {
    double sum = 0;
    for (int64_t e = graph_.offsets[node]; e < graph_.offsets[int64_t{node} + 1]; ++e) {
      if (communities_[graph_.neighbors[e]] == communities_[node]) sum += weight(e);
    }
    return sum;
  }

  // E(C, S - C) >= what the null model puts there.
  bool is_well_connected(const Part& part, const Masses& whole) const {
    return part.cut >= expected(part.masses, {whole.x - part.masses.x, whole.y - part.masses.y});
  }

  void find_candidates(uint32_t node, const Masses& whole) {
    touched_.clear();
    candidates_.clear();
    for (int64_t e = graph_.offsets[node]; e < graph_.offsets[int64_t{node} + 1]; ++e) {
      const uint32_t neighbor = graph_.neighbors[e];
      if (communities_[neighbor] != communities_[node]) continue;
      const uint32_t part = labels_[neighbor];
      if (weight_to_[part] == 0) touched_.push_back(part);
      weight_to_[part] += weight(e);
    }
    for (const uint32_t part : touched_) {
      if (!is_well_connected(parts_[part], whole)) continue;
      const double gain = weight_to_[part] - expected(masses_of(node), parts_[part].masses);
      if (gain >= 0) candidates_.push_back({part, gain});
    }
  }

  // To stay alone gains 0 and can be drawn as well.
  uint32_t draw(uint32_t node, RandomStream& random) {
    Candidate best{node, 0};
    for (const Candidate& candidate : candidates_) {
      if (candidate.gain > best.gain || (candidate.gain == best.gain && candidate.part < best.part))
        best = candidate;
    }
    if (theta_ == 0) return best.gain > 0 ? best.part : node;
    candidates_.push_back({node, 0});
    double sum = 0;
    for (Candidate& candidate : candidates_) {
      candidate.gain = std::exp((candidate.gain - best.gain) / theta_);  // now a probability, not normalised
      sum += candidate.gain;
    }
    double left = random.uniform() * sum;
    for (const Candidate& candidate : candidates_) {
      left -= candidate.gain;
      if (left < 0) return candidate.part;
    }
    return best.part;
  }

  void merge(uint32_t node, uint32_t to) {
    Part& part = parts_[to];
    const Masses own = masses_of(node);
    part.masses.x += own.x;
    part.masses.y += own.y;
    part.cut += inward_[node] - 2 * weight_to_[to];
    ++part.size;
    parts_[node].size = 0;
    labels_[node] = to;
  }

  const ModularityGraph& graph_;
  std::span<const uint32_t> communities_;
  double rate_, theta_;
  std::vector<Masses> whole_;
  std::vector<Part> parts_;
  std::vector<double> inward_, weight_to_;
  std::vector<uint32_t> labels_, touched_;
  std::vector<Candidate> candidates_;
};

}  // namespace

std::vector<uint32_t> refine(const ModularityGraph& graph, std::span<const uint32_t> communities,
                             const RefineRule& rule, RandomStream& random) {
  Refinement refinement(graph, communities, rule);
  std::vector<uint32_t> order(communities.size());
  std::iota(order.begin(), order.end(), 0U);
  random.shuffle(std::span(order));
  for (const uint32_t node : order) refinement.visit(node, random);
  return refinement.take_labels();
}

std::vector<uint32_t> components_within(const ModularityGraph& graph, std::span<const uint32_t> communities) {
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> labels(communities.size(), kNone), stack;
  for (size_t first = 0; first < communities.size(); ++first) {
    if (labels[first] != kNone) continue;
    labels[first] = static_cast<uint32_t>(first);
    stack.assign(1, static_cast<uint32_t>(first));
    while (!stack.empty()) {
      const uint32_t node = stack.back();
      stack.pop_back();
      for (int64_t e = graph.offsets[node]; e < graph.offsets[int64_t{node} + 1]; ++e) {
        const uint32_t neighbor = graph.neighbors[e];
        if (labels[neighbor] != kNone || communities[neighbor] != communities[node]) continue;
        labels[neighbor] = static_cast<uint32_t>(first);
        stack.push_back(neighbor);
      }
    }
  }
  return labels;
}

}  // namespace whitney::graph
