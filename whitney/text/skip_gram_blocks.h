#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::text {

/// Items dealt to blocks of equally many rows, so that threads can train different blocks at once without
/// meeting in a row. Item i has row row_of[i]; rows that no item has stay at the end of their block.
struct BlockLayout {
  int64_t num_blocks = 1;
  int64_t block_rows = 0;
  std::vector<uint32_t> row_of;

  int64_t num_rows() const { return num_blocks * block_rows; }
};

/// Deals the items like cards, the most frequent first and every other round backwards: blocks of nearly
/// equal total count. Equal counts: the smaller item first.
WHITNEY_API BlockLayout deal_blocks(std::span<const int64_t> counts, int64_t num_blocks);

/// How many blocks n items are dealt to: a function of n only, enough for that many threads.
WHITNEY_API int64_t num_blocks_for(int64_t n);

/// Pairs whose input is in one block and whose output in another.
struct BlockCell {
  int64_t input;
  int64_t output;
};

/// What one thread trains by itself, in order.
using CellTask = std::vector<BlockCell>;

/// Covers all num_blocks x num_blocks cells by rounds whose tasks touch no row in common: with two tables,
/// cell (i, i + r) for each i in round r; with one table for both, each pair of blocks as a match of a
/// tournament, and the cells (i, i) at the end. num_blocks is 1 or even.
WHITNEY_API std::vector<std::vector<CellTask>> cell_rounds(int64_t num_blocks, bool one_table);

}  // namespace whitney::text
