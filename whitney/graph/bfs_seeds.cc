#include "whitney/graph/bfs_seeds.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "whitney/core/random.h"

namespace whitney::graph {
namespace {

constexpr uint32_t kFar = std::numeric_limits<uint32_t>::max();

// Lowers the distances of nodes that are nearer to `source` than to what they were measured from; gives them.
std::vector<uint32_t> lower_distances(const SymmetricRows& rows, uint32_t source,
                                      std::vector<uint32_t>& distances) {
  std::vector<uint32_t> queue(1, source);
  distances[source] = 0;
  for (size_t next = 0; next < queue.size(); ++next) {
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

std::vector<uint32_t> largest_component(const SymmetricRows& rows) {
  const auto n = static_cast<size_t>(rows.offsets.size() - 1);
  std::vector<uint32_t> distances(n, kFar), largest;
  for (uint32_t node = 0; node < n; ++node) {
    if (distances[node] != kFar) continue;
    std::vector<uint32_t> component = lower_distances(rows, node, distances);
    if (component.size() > largest.size()) largest = std::move(component);
  }
  std::ranges::sort(largest);
  return largest;
}

uint32_t farthest(const SymmetricRows& rows, const std::vector<uint32_t>& nodes,
                  const std::vector<uint32_t>& distances) {
  const auto degree = [&](uint32_t node) { return rows.offsets[int64_t{node} + 1] - rows.offsets[node]; };
  return *std::ranges::max_element(nodes, [&](uint32_t a, uint32_t b) {
    return std::pair(distances[a], degree(a)) < std::pair(distances[b], degree(b));
  });
}

}  // namespace

std::vector<uint32_t> seeds_far_apart(const SymmetricRows& rows, int count, uint64_t seed) {
  const std::vector<uint32_t> nodes = largest_component(rows);
  std::vector<uint32_t> seeds;
  if (nodes.empty()) return seeds;
  const auto n = static_cast<size_t>(rows.offsets.size() - 1);
  std::vector<uint32_t> distances(n, kFar);
  RandomStream random(seed, "bfs seeds", 0);
  lower_distances(rows, nodes[random.below(nodes.size())], distances);
  seeds.push_back(farthest(rows, nodes, distances));
  std::ranges::fill(distances, kFar);
  while (std::ssize(seeds) < std::min<int64_t>(count, std::ssize(nodes))) {
    lower_distances(rows, seeds.back(), distances);
    seeds.push_back(farthest(rows, nodes, distances));
  }
  return seeds;
}

}  // namespace whitney::graph
