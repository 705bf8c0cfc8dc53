#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"

namespace whitney::eval {

/// How pairs that are no edges are drawn.
enum class NegativeSampling : uint8_t {
  /// Any two nodes.
  kUniform,
  /// The source of a test edge, and a node by its degree: popularity alone does not tell them from edges.
  kDegree
};
inline constexpr auto enum_names(NegativeSampling) {
  return std::array<std::string_view, 2>{"uniform", "degree"};
}

struct LinkSplitOptions {
  double test_ratio = 0.2;
  bool keep_connected = true;
  NegativeSampling negatives = NegativeSampling::kUniform;
  int negatives_per_edge = 1;
};

using NodePair = std::pair<int64_t, int64_t>;

/// A graph without its test edges, and what is asked of it.
struct LinkSplit {
  /// All nodes and the edges that stay, with their weights.
  Graph training;
  /// The test edges (directed: from first to second), and as many times negatives_per_edge other pairs.
  std::vector<NodePair> positives, negatives;
  /// Test edges that were wanted and could not be taken, for they connect.
  int64_t num_missing = 0;
};

/// Takes floor(test_ratio m) of the m edges that are no self-loops, drawn by (seed, split); with
/// keep_connected, none of a random spanning forest, so that parts that hang together stay so. Negatives are
/// distinct, no edges of the whole graph and no self-loops. Throws Error when no edge is taken, or there are
/// too few pairs that are no edges.
WHITNEY_API LinkSplit split_links(const Graph& graph, const LinkSplitOptions& options, int split,
                                  const Context& context);

}  // namespace whitney::eval
