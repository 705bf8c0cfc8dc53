#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/search/hnsw_scratch.h"

namespace whitney::search {

/// Candidates for the links of a node: keys of a NodePool by their distance to it, ascending.
class CandidateKeys {
 public:
  std::vector<uint64_t> keys;

  /// Measures some nodes.
  void measure(const GraphView& graph, const CodeQuery& query, std::span<const uint32_t> nodes);

  /// Measures, for a node that stands in the graph, its links on layer 0 and the `window` nearest nodes that
  /// a walk meets. The walk begins at the node itself and expands the `reach` nearest only: their links hold
  /// most of the others.
  void find_around(const HnswGraph& graph, const CodeQuery& query, uint32_t node, int64_t window,
                   int64_t reach, WalkScratch& scratch);

 private:
  std::vector<float> distances_;
};

}  // namespace whitney::search
