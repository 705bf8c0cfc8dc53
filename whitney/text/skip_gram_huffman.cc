#include "whitney/text/skip_gram_huffman.h"

#include <algorithm>

namespace whitney::text {
namespace {

/// A node that waits for its parent: leaves are 0..m-1 in the order of their counts, then inner nodes.
struct Parents {
  std::vector<uint32_t> parent;
  std::vector<bool> second;
};

/// Two queues, of leaves in order and of inner nodes as they are made: both ascend, so that the least is in
/// front of one of them.
Parents join_pairs(const std::vector<int64_t>& leaves, std::vector<int64_t>& inner) {
  const size_t m = leaves.size();
  Parents made{std::vector<uint32_t>(2 * m - 1), std::vector<bool>(2 * m - 1)};
  size_t next_leaf = 0, next_inner = 0;
  const auto take_least = [&] {
    if (next_leaf < m && (next_inner >= inner.size() || leaves[next_leaf] <= inner[next_inner]))
      return next_leaf++;
    return m + next_inner++;
  };
  const auto count_of = [&](size_t node) { return node < m ? leaves[node] : inner[node - m]; };
  for (size_t made_nodes = 0; made_nodes + 1 < m; ++made_nodes) {
    const size_t first = take_least(), second = take_least();
    made.parent[first] = made.parent[second] = static_cast<uint32_t>(m + made_nodes);
    made.second[second] = true;
    inner.push_back(count_of(first) + count_of(second));
  }
  return made;
}

}  // namespace

HuffmanTree huffman_tree(std::span<const int64_t> counts) {
  std::vector<uint32_t> order;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) order.push_back(static_cast<uint32_t>(i));
  }
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return counts[a] != counts[b] ? counts[a] < counts[b] : a > b; });
  HuffmanTree tree;
  tree.starts.assign(counts.size() + 1, 0);
  if (order.size() < 2) return tree;
  std::vector<int64_t> leaves;
  for (const uint32_t item : order) leaves.push_back(counts[item]);
  const Parents made = join_pairs(leaves, tree.node_counts);
  const size_t m = leaves.size(), root = 2 * m - 2;
  std::vector<size_t> leaf_of(counts.size(), m);
  for (size_t leaf = 0; leaf < m; ++leaf) leaf_of[order[leaf]] = leaf;
  for (size_t i = 0; i < counts.size(); ++i) {
    const size_t begin = tree.nodes.size();
    for (size_t node = leaf_of[i]; node < root && leaf_of[i] < m; node = made.parent[node]) {
      const uint32_t label = made.second[node] ? HuffmanTree::kLabelZero : 0;
      tree.nodes.push_back((made.parent[node] - static_cast<uint32_t>(m)) | label);
    }
    std::reverse(tree.nodes.begin() + static_cast<std::ptrdiff_t>(begin), tree.nodes.end());
    tree.starts[i + 1] = static_cast<int64_t>(tree.nodes.size());
  }
  return tree;
}

}  // namespace whitney::text
