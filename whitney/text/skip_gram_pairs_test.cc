#include "whitney/text/skip_gram_pairs.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace whitney::text {
namespace {

using Row = std::vector<uint32_t>;

TEST(PairBuffer, MapsItemsToRows) {
  const Row inputs = {7, 8, 9}, outputs = {1, 2, 3};
  PairBuffer buffer({inputs, outputs, nullptr});
  buffer.add(2, 0);
  ASSERT_EQ(buffer.pairs().size(), 1U);
  EXPECT_EQ(buffer.pairs()[0].input, 9U);
  EXPECT_EQ(buffer.pairs()[0].output, 1U);
}

TEST(PairBuffer, PairsNeighboursInAWindowOfOne) {
  const Row rows = {0, 1, 2, 3};
  PairBuffer buffer({rows, rows, nullptr});
  FastRandom random(1, "test", 0);
  buffer.add_sequence(Row{3, 1, 2}, 1, random);
  Row seen;
  for (const SkipGramPair& pair : buffer.pairs()) seen.push_back(pair.input * 10 + pair.output);
  EXPECT_EQ(seen, (Row{31, 13, 12, 21}));
}

TEST(PairBuffer, DrawsEachCentresWindow) {
  // Distance k is reached with probability (window - k + 1) / window.
  Row rows(2000), items;
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i, items.push_back(i);
  PairBuffer buffer({rows, rows, nullptr});
  FastRandom random(1, "test", 0);
  buffer.add_sequence(items, 4, random);
  std::vector<double> at(6);
  for (const SkipGramPair& pair : buffer.pairs())
    ++at[static_cast<size_t>(std::abs(static_cast<int>(pair.input) - static_cast<int>(pair.output)))];
  EXPECT_EQ(at[0] + at[5], 0);
  for (size_t k = 1; k <= 4; ++k) {
    const double share = static_cast<double>(5 - k) / 4;
    const double deviation = 2 * std::sqrt(2000 * share * (1 - share));
    EXPECT_NEAR(at[k], 2 * (2000 * share), 5 * deviation + 8) << k;
  }
}

TEST(PairBuffer, GoesTheWayThroughATree) {
  const Row rows = {0, 1, 2, 3};
  const HuffmanTree tree = huffman_tree(std::vector<int64_t>{1, 1, 2, 5});
  PairBuffer buffer({rows, rows, &tree});
  buffer.add(3, 0);
  ASSERT_EQ(buffer.pairs().size(), tree.path(0).size());
  for (size_t i = 0; i < tree.path(0).size(); ++i) {
    EXPECT_EQ(buffer.pairs()[i].input, 3U);
    EXPECT_EQ(buffer.pairs()[i].output, tree.path(0)[i]);
  }
}

TEST(PairBuffer, HasNothingToSayOfLonelyItems) {
  const Row rows = {0};
  PairBuffer buffer({rows, rows, nullptr});
  FastRandom random(1, "test", 0);
  buffer.add_sequence(Row{0}, 5, random);
  buffer.add_sequence(Row{}, 5, random);
  EXPECT_TRUE(buffer.pairs().empty());
}

}  // namespace
}  // namespace whitney::text
