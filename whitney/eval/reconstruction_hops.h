#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"
#include "whitney/data/graph.h"

namespace whitney::eval {

/// Finds which nodes lie at distance exactly 1, 2, ... of a source: breadth-first searches of up to 64
/// sources at once, a bit of a word each, so that an edge is followed once for all of them.
class WHITNEY_API HopSets {
 public:
  static constexpr int64_t kMaxSources = 64;

  /// The graph must outlive the object. Directed edges are followed forwards; self-loops lead nowhere new.
  HopSets(const Graph& graph, int max_hops);

  /// Writes hops[s * n + v]: the distance of v from sources[s] when it is 1..max_hops, else 0 (the source
  /// itself, and what is farther). At most 64 sources. O(max_hops nnz + sources n); const use from many
  /// threads is safe.
  void find(std::span<const int64_t> sources, std::span<uint8_t> hops) const;

 private:
  const Graph& graph_;
  int max_hops_;
};

}  // namespace whitney::eval
