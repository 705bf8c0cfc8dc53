#include "whitney/eval/reconstruction_hops.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "whitney/core/error.h"

namespace whitney::eval {

HopSets::HopSets(const Graph& graph, int max_hops) : graph_(graph), max_hops_(max_hops) {}

void HopSets::find(std::span<const int64_t> sources, std::span<uint8_t> hops) const {
  const auto n = static_cast<size_t>(graph_.num_nodes());
  WHITNEY_CHECK(std::ssize(sources) <= kMaxSources && hops.size() == sources.size() * n,
                "sources of a block");
  std::ranges::fill(hops, uint8_t{0});
  // Bit s of a word: the search from sources[s] has been at the node, is at it, gets to it.
  std::vector<uint64_t> visited(n, 0), frontier(n, 0), next(n, 0);
  for (size_t s = 0; s < sources.size(); ++s) {
    visited[size_t(sources[s])] |= uint64_t{1} << s;
    frontier[size_t(sources[s])] |= uint64_t{1} << s;
  }
  for (int hop = 1; hop <= max_hops_; ++hop) {
    std::ranges::fill(next, 0);
    for (size_t u = 0; u < n; ++u) {
      if (frontier[u] == 0) continue;
      for (uint32_t v : graph_.neighbors(static_cast<int64_t>(u))) next[v] |= frontier[u];
    }
    for (size_t v = 0; v < n; ++v) {
      frontier[v] = next[v] & ~visited[v];
      visited[v] |= next[v];
      for (uint64_t rest = frontier[v]; rest != 0; rest &= rest - 1)
        hops[size_t(std::countr_zero(rest)) * n + v] = static_cast<uint8_t>(hop);
    }
  }
}

}  // namespace whitney::eval
