#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/alias_table.h"
#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/fast_random.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// What struc2vec's context graph is made of.
struct ContextGraphRule {
  /// Layers at most, k = 0..num_layers - 1 (the paper's third optimisation).
  int64_t num_layers = 6;
  /// Rings of degrees with counts (the first).
  bool compressed = true;
  /// Each node is compared with the log2 n nodes before and after it by degree (the second), not with all.
  bool limited_pairs = true;
};

/// struc2vec's context graph: layers that all nodes with an edge are in, where u and v are joined by exp(-
/// f_k(u, v)), f_k = sum over k' <= k of the distance of their rings k'; no edge where one has no ring k.
class WHITNEY_API ContextGraph {
 public:
  /// The graph has no directions.
  ContextGraph(const Graph& graph, const ContextGraphRule& rule, const Context& context);

  /// Layers that have edges.
  int64_t num_layers() const { return std::ssize(layers_); }
  int64_t num_nodes() const { return std::ssize(place_of_); }
  bool has_edges(int64_t layer, uint32_t node) const;
  /// Draws a neighbour in a layer in which the node has edges, by their weights.
  uint32_t draw(int64_t layer, uint32_t node, uint64_t random) const;
  /// The odds that a change of layer goes up, log(Gamma + e) / (log(Gamma + e) + 1): Gamma of the node's
  /// edges weigh more than the layer's mean.
  float up(int64_t layer, uint32_t node) const;

  /// f_k(u, v); infinite where the layer does not join them.
  double distance(int64_t layer, uint32_t u, uint32_t v) const;

 private:
  struct Layer {
    std::vector<int64_t> offsets;
    /// Places, and a table of each row.
    std::vector<uint32_t> targets;
    std::vector<AliasSlot> slots;
    std::vector<float> up;
  };
  void compare_rings(const Graph& graph, const ContextGraphRule& rule, const Context& context);
  Layer make_layer(int64_t k, const Context& context) const;
  float& pair(int64_t low, int64_t high, int64_t k) {
    return distances_[static_cast<size_t>((low * reach_ + high - low - 1) * num_rings_ + k)];
  }
  float pair(int64_t low, int64_t high, int64_t k) const {
    return distances_[static_cast<size_t>((low * reach_ + high - low - 1) * num_rings_ + k)];
  }

  /// Nodes with edges, by degree, and where a node stands among them (kNowhere: nowhere).
  std::vector<uint32_t> order_, place_of_;
  /// A node is compared with as many before and after it.
  int64_t reach_ = 0, num_rings_ = 0;
  std::vector<float> distances_;
  std::vector<Layer> layers_;
};

/// The reach of n nodes with edges.
WHITNEY_API int64_t context_reach(int64_t n, bool limited_pairs);

}  // namespace whitney::graph
