#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/text/skip_gram_blocks.h"
#include "whitney/text/skip_gram_pairs.h"

namespace whitney::text {

/// An input row and how many pairs of an episode it has.
struct RowPairs {
  uint32_t row;
  uint32_t count;
};

/// The pairs of some chunks (an episode), sorted by the cell that they are in, within a cell by input row,
/// and for equal rows as they were read: the same order for any number of threads.
class WHITNEY_API PairGrid {
 public:
  PairGrid(const BlockLayout& inputs, const BlockLayout& outputs, const PairRows& rows);

  /// Reads chunks [begin, end) and sorts their pairs.
  void fill(const PairSource& source, int64_t begin, int64_t end, const Context& context);

  std::span<const SkipGramPair> cell(BlockCell cell) const;
  /// The input rows of a block that have pairs, ascending.
  std::span<const RowPairs> rows_of(int64_t input_block) const {
    return active_[static_cast<size_t>(input_block)];
  }
  int64_t num_pairs() const { return num_pairs_; }

 private:
  void read(const PairSource& source, int64_t begin, const Context& context);
  void scatter_to_blocks(SkipGramPair* to, const Context& context);
  void sort_block(int64_t block, SkipGramPair* pairs, SkipGramPair* by_row);

  /// x / divisor by one multiplication, exact for x < 2^32.
  struct Divider {
    uint64_t inverse;
    explicit Divider(int64_t divisor) : inverse(UINT64_MAX / static_cast<uint64_t>(divisor) + 1) {}
    int64_t operator()(uint32_t x) const {
      // For divisor 1 the inverse is 2^64, which is 0 in 64 bits.
      return inverse == 0 ? x : static_cast<int64_t>((static_cast<unsigned __int128>(inverse) * x) >> 64);
    }
  };

  BlockLayout shape_inputs_, shape_outputs_;
  Divider input_block_, output_block_;
  PairRows rows_;
  int64_t num_pairs_ = 0;
  std::vector<PairBuffer> chunks_;
  int64_t num_chunks_ = 0;
  /// First pair of each block, and of each (chunk, block).
  std::vector<int64_t> block_starts_, chunk_starts_;
  /// num_blocks + 1 starts for each input block.
  std::vector<int64_t> cell_starts_;
  std::vector<std::vector<RowPairs>> active_;
  /// Pairs by block and cell, and a second copy to sort from.
  Array<SkipGramPair> sorted_, spare_;
};

}  // namespace whitney::text
