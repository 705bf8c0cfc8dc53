#include "whitney/graph/bfs_seeds.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "whitney/core/random.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kFar = std::numeric_limits<uint32_t>::max();
constexpr size_t kNodesBetweenStops = 1 << 16;

// Lowers the distances of nodes that are nearer to `source` than to what they were measured from; gives them.
std::vector<uint32_t> lower_distances(const SymmetricRows& rows, uint32_t source,
                                      std::vector<uint32_t>& distances, const Context& context) {
  std::vector<uint32_t> queue(1, source);
  distances[source] = 0;
  for (size_t next = 0; next < queue.size(); ++next) {
    if (next % kNodesBetweenStops == kNodesBetweenStops - 1) context.check_cancelled();
    const int64_t node = queue[next];
    for (int64_t e = rows.offsets[node]; e < rows.offsets[node + 1]; ++e) {
      const uint32_t neighbor = rows.neighbors[e];
      if (distances[neighbor] <= distances[static_cast<size_t>(node)] + 1) continue;
      distances[neighbor] = distances[static_cast<size_t>(node)] + 1;
      queue.push_back(neighbor);
    }
  }
  return queue;
}

std::vector<uint32_t> largest_component(const SymmetricRows& rows, const Context& context) {
  const auto n = static_cast<size_t>(rows.offsets.size() - 1);
  std::vector<uint32_t> distances(n, kFar), largest;
  for (uint32_t node = 0; node < n; ++node) {
    if (distances[node] != kFar) continue;
    std::vector<uint32_t> component = lower_distances(rows, node, distances, context);
    if (component.size() > largest.size()) largest = std::move(component);
  }
  std::ranges::sort(largest);
  return largest;
}

/// Finds the farthest node again and again while distances fall. A heap of one entry a node holds distances
/// as they were: an entry on top that is too large goes back with the present one, and nothing else is looked
/// at.
class Farthest {
  struct Entry {
    uint32_t distance, node;
  };
  auto is_nearer() const {
    return [this](const Entry& a, const Entry& b) {
      const auto degree = [this](uint32_t node) {
        return rows_.offsets[int64_t{node} + 1] - rows_.offsets[node];
      };
      return std::tuple(a.distance, degree(a.node), b.node) < std::tuple(b.distance, degree(b.node), a.node);
    };
  }

 public:
  Farthest(const SymmetricRows& rows, const std::vector<uint32_t>& nodes,
           const std::vector<uint32_t>& distances)
      : rows_(rows), distances_(distances) {
    for (const uint32_t node : nodes) heap_.push_back({distances[node], node});
    std::ranges::make_heap(heap_, is_nearer());
  }

  /// Equal distances: the larger degree, then the lower row.
  uint32_t find() {
    while (heap_.front().distance != distances_[heap_.front().node]) {
      std::ranges::pop_heap(heap_, is_nearer());
      heap_.back().distance = distances_[heap_.back().node];
      std::ranges::push_heap(heap_, is_nearer());
    }
    return heap_.front().node;
  }

 private:
  const SymmetricRows& rows_;
  const std::vector<uint32_t>& distances_;
  std::vector<Entry> heap_;
};

}  // namespace

std::vector<uint32_t> seeds_far_apart(const SymmetricRows& rows, int count, uint64_t seed,
                                      const Context& context) {
  const std::vector<uint32_t> nodes = largest_component(rows, context);
  std::vector<uint32_t> seeds;
  if (nodes.empty()) return seeds;
  const auto n = static_cast<size_t>(rows.offsets.size() - 1);
  std::vector<uint32_t> distances(n, kFar);
  RandomStream random(seed, "bfs seeds", 0);
  lower_distances(rows, nodes[random.below(nodes.size())], distances, context);
  seeds.push_back(Farthest(rows, nodes, distances).find());
  std::ranges::fill(distances, kFar);
  lower_distances(rows, seeds.back(), distances, context);
  Farthest farthest(rows, nodes, distances);
  while (std::ssize(seeds) < std::min<int64_t>(count, std::ssize(nodes))) {
    context.check_cancelled();
    seeds.push_back(farthest.find());
    lower_distances(rows, seeds.back(), distances, context);
  }
  return seeds;
}

}  // namespace whitney::graph
