#include "whitney/graph/struc2vec_walks.h"

#include "whitney/core/fast_random.h"

namespace whitney::graph {

void ContextWalks::walk(uint64_t seed, uint64_t pass, std::span<const uint32_t> starts,
                        WalkBlock& block) const {
  block.resize(starts.size(), length_);
  for (size_t i = 0; i < starts.size(); ++i) {
    uint32_t node = starts[i];
    uint32_t* nodes = block.nodes_of(static_cast<int64_t>(i));
    nodes[0] = node;
    if (!graph_.has_edges(0, node)) {
      block.length_of(static_cast<int64_t>(i)) = 1;
      continue;
    }
    FastRandom random(seed ^ (pass * 0x9E3779B97F4A7C15), "context walk", node);
    int64_t layer = 0;
    for (int64_t length = 1; length < length_;) {
      if (random.uniform() < stay_) {
        nodes[length++] = node = graph_.draw(layer, node, random.next_u64());
      } else if (random.uniform() < graph_.up(layer, node)) {
        if (graph_.has_edges(layer + 1, node)) ++layer;
      } else if (layer > 0) {
        --layer;
      }
    }
  }
}

}  // namespace whitney::graph
