#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::text {

/// Huffman's tree over items by their counts, for hierarchical softmax: the way from the root to item i is
/// nodes[starts[i] .. starts[i+1]), each an inner node 0..n-2 with kLabelZero added where the way turns to
/// its second child (label 0 in word2vec, where the first child has label 1). Items of count 0 have no way.
struct HuffmanTree {
  static constexpr uint32_t kLabelZero = 1U << 31;

  std::vector<int64_t> starts;
  std::vector<uint32_t> nodes;
  /// How often each inner node is passed.
  std::vector<int64_t> node_counts;

  std::span<const uint32_t> path(uint32_t item) const {
    return std::span(nodes).subspan(static_cast<size_t>(starts[item]),
                                    static_cast<size_t>(starts[item + 1] - starts[item]));
  }
};

/// Builds it in O(n log n). Equal counts: leaves before inner nodes, the larger item first.
WHITNEY_API HuffmanTree huffman_tree(std::span<const int64_t> counts);

}  // namespace whitney::text
