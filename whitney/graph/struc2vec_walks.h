#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"
#include "whitney/graph/random_walks.h"
#include "whitney/graph/struc2vec_layers.h"

namespace whitney::graph {

/// Draws struc2vec's walks over the layers of a context graph, which it keeps a reference to: from a node, in
/// layer 0 at first, a walk moves with probability `stay` along an edge of its layer, which adds a node, and
/// else changes layer, which adds none: up by the odds of the node, where it is in the layer above, or down,
/// where there is one.
class WHITNEY_API ContextWalks : public WalkMaker {
 public:
  ContextWalks(const ContextGraph& graph, int64_t length, double stay)
      : graph_(graph), length_(length), stay_(static_cast<float>(stay)) {}

  int64_t num_nodes() const override { return graph_.num_nodes(); }
  int64_t length() const override { return length_; }
  /// A start without edges has a walk of itself alone.
  void walk(uint64_t seed, uint64_t pass, std::span<const uint32_t> starts, WalkBlock& block) const override;

 private:
  const ContextGraph& graph_;
  int64_t length_;
  float stay_;
};

}  // namespace whitney::graph
