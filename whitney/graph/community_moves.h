#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/random.h"
#include "whitney/graph/modularity.h"

namespace whitney::graph {

/// Where a node would go.
struct Move {
  uint32_t to = 0;
  /// What Q W gains over staying; 0 when `to` is where the node is.
  double gain = 0;
};

/// A partition that changes node by node, with the sums that tell in O(degree) what a move gains. With
/// k(v, c) the weight of v's edges into c and X, Y without v itself, moving v from a to b changes Q W by
///   [k(v,b) - r (x_v Y(b) + y_v X(b))] - [k(v,a) - r (x_v Y(a) + y_v X(a))],   r = resolution / W.
class CommunityMoves {
 public:
  /// `graph` must outlive the object; labels below the number of nodes.
  CommunityMoves(const ModularityGraph& graph, std::vector<uint32_t> labels, double resolution);
  /// Each node by itself.
  CommunityMoves(const ModularityGraph& graph, double resolution);

  /// Finds the community of a neighbour with the largest gain (equal gains: the lowest label); to be alone is
  /// looked at where `may_leave`. Gains within rounding of 0 count as none.
  Move best_move(uint32_t node, bool may_leave);
  void apply(uint32_t node, uint32_t to);

  std::span<const uint32_t> labels() const { return labels_; }
  std::vector<uint32_t> take_labels() { return std::move(labels_); }

 private:
  struct Sums {
    double weight_to = 0;  // k(v, c) of the node that is looked at
    double x = 0;
  };
  template <bool kWeighted>
  void gather(uint32_t node);
  template <bool kTwoMasses>
  Move choose(uint32_t node, bool may_leave);
  template <bool kTwoMasses>
  double expected(uint32_t node, uint32_t community, double x_less, double y_less) const;

  const ModularityGraph& graph_;
  double rate_, rounding_;
  std::vector<uint32_t> labels_;
  std::vector<Sums> sums_;
  std::vector<double> y_;
  std::vector<uint32_t> sizes_;
  /// Labels without a node, the lowest last.
  std::vector<uint32_t> empty_;
  std::vector<uint32_t> touched_;
};

/// Louvain's local phase: visits nodes in `order` (empty: by row) until a pass gains no more than `tolerance`
/// in Q. Only nodes are visited of which a neighbour has moved (Ozaki et al. 2016), and all of them in the
/// first pass and in the last, for moves elsewhere change the sums of communities too. Gives the gain in Q.
double move_in_passes(const ModularityGraph& graph, CommunityMoves& moves, std::span<const uint32_t> order,
                      double tolerance, const Context& context);

/// Leiden's fast local move: a queue of all nodes in random order, into which a node's neighbours return that
/// are not in its new community; ends when it is empty.
void move_by_queue(const ModularityGraph& graph, CommunityMoves& moves, RandomStream& random,
                   const Context& context);

}  // namespace whitney::graph
