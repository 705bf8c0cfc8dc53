#include "whitney/text/skip_gram_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace whitney::text {
namespace {

TEST(BlockLayout, DealsTheFrequentItemsFirst) {
  // By count: 4, 1, 2, 0 and 3 (equal), 5. Dealt to 2 blocks of 3: 4 | 1, then 0 | 2, then 3 | 5.
  const BlockLayout layout = deal_blocks(std::vector<int64_t>{2, 9, 5, 2, 10, 0}, 2);
  EXPECT_EQ(layout.block_rows, 3);
  EXPECT_EQ(layout.row_of, (std::vector<uint32_t>{1, 3, 4, 2, 0, 5}));
}

TEST(BlockLayout, GivesEachItemARowOfItsOwn) {
  for (const int64_t n : {0, 1, 5, 130}) {
    const BlockLayout layout = deal_blocks(std::vector<int64_t>(static_cast<size_t>(n), 1), 4);
    const std::set<uint32_t> rows(layout.row_of.begin(), layout.row_of.end());
    EXPECT_EQ(std::ssize(rows), n);
    for (const uint32_t row : rows) EXPECT_LT(row, layout.num_rows());
  }
}

TEST(BlockLayout, HasBlocksByTheNumberOfItems) {
  EXPECT_EQ(num_blocks_for(0), 1);
  EXPECT_EQ(num_blocks_for(127), 1);
  EXPECT_EQ(num_blocks_for(128), 2);
  EXPECT_EQ(num_blocks_for(1000000), 16);
}

TEST(CellRounds, CoverEachCellOnce) {
  for (const bool one_table : {false, true}) {
    for (const int64_t blocks : {1, 2, 4, 16}) {
      std::set<std::pair<int64_t, int64_t>> cells;
      int64_t num_cells = 0;
      for (const auto& round : cell_rounds(blocks, one_table)) {
        for (const CellTask& task : round) {
          for (const BlockCell& cell : task) cells.emplace(cell.input, cell.output), ++num_cells;
        }
      }
      EXPECT_EQ(num_cells, blocks * blocks);
      EXPECT_EQ(std::ssize(cells), blocks * blocks);
    }
  }
}

TEST(CellRounds, GiveTasksOfARoundNoBlockInCommon) {
  for (const bool one_table : {false, true}) {
    for (const auto& round : cell_rounds(8, one_table)) {
      std::set<int64_t> inputs, outputs, blocks;
      size_t used = 0;
      for (const CellTask& task : round) {
        std::set<int64_t> own;
        for (const BlockCell& cell : task) {
          inputs.insert(cell.input), outputs.insert(cell.output);
          own.insert({cell.input, cell.output});
        }
        blocks.insert(own.begin(), own.end());
        used += own.size();
      }
      if (one_table) {
        EXPECT_EQ(blocks.size(), used);
      } else {
        EXPECT_EQ(inputs.size(), round.size());
        EXPECT_EQ(outputs.size(), round.size());
      }
    }
  }
}

}  // namespace
}  // namespace whitney::text
