#include "whitney/text/skip_gram_huffman.h"

#include <gtest/gtest.h>

#include <vector>

namespace whitney::text {
namespace {

constexpr uint32_t kZero = HuffmanTree::kLabelZero;

std::vector<uint32_t> path_of(const HuffmanTree& tree, uint32_t item) {
  return {tree.path(item).begin(), tree.path(item).end()};
}

TEST(HuffmanTree, IsTheOneMadeByHand) {
  // Counts 5 1 0 2 4: 1+2 = node 0 (3), 3+4 = node 1 (7), 5+7 = node 2 (12), the root.
  const HuffmanTree tree = huffman_tree(std::vector<int64_t>{5, 1, 0, 2, 4});
  EXPECT_EQ(tree.node_counts, (std::vector<int64_t>{3, 7, 12}));
  EXPECT_EQ(path_of(tree, 0), (std::vector<uint32_t>{2}));
  EXPECT_EQ(path_of(tree, 1), (std::vector<uint32_t>{2 | kZero, 1, 0}));
  EXPECT_EQ(path_of(tree, 2), (std::vector<uint32_t>{}));
  EXPECT_EQ(path_of(tree, 3), (std::vector<uint32_t>{2 | kZero, 1, 0 | kZero}));
  EXPECT_EQ(path_of(tree, 4), (std::vector<uint32_t>{2 | kZero, 1 | kZero}));
}

TEST(HuffmanTree, HasNoWaysWithoutTwoItems) {
  EXPECT_TRUE(huffman_tree(std::vector<int64_t>{}).nodes.empty());
  EXPECT_TRUE(huffman_tree(std::vector<int64_t>{0, 7, 0}).nodes.empty());
  EXPECT_EQ(huffman_tree(std::vector<int64_t>{0, 7, 0}).starts.size(), 4U);
}

TEST(HuffmanTree, PassesEachNodeAsOftenAsItCounts) {
  const std::vector<int64_t> counts = {3, 3, 3, 8, 1, 0, 20, 5, 5};
  const HuffmanTree tree = huffman_tree(counts);
  std::vector<int64_t> passed(tree.node_counts.size());
  for (uint32_t i = 0; i < counts.size(); ++i) {
    for (const uint32_t node : tree.path(i)) passed[node & ~kZero] += counts[i];
  }
  EXPECT_EQ(passed, tree.node_counts);
}

}  // namespace
}  // namespace whitney::text
