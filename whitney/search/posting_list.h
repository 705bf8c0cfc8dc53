#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/search/posting_list_bits.h"

namespace whitney::search {

/// For each list (a word) its rows, ascending, how often the word stands in each, what it adds to the row's
/// score, and where it stands. Cut in blocks of 128 rows: distances between rows and counts less one are
/// packed by the bits that the largest of the block needs; behind them stand the scores as they are, unless
/// they are left out. The arrays are a file's tensors; whoever follows them checks them.
struct PostingLists {
  int64_t num_rows = 0;
  bool has_scores = false;
  /// Rows of each list.
  Array<uint32_t> counts;
  /// Its first block; one more at the end.
  Array<uint64_t> first_blocks;
  /// Of each block: its last row, the best score of its rows (at least that), bits of a distance and of a
  /// count.
  Array<uint32_t> last_rows;
  Array<float> best_scores;
  Array<uint8_t> row_widths, count_widths;
  /// Where a block begins in `packed`; one more at the end. Two words of padding end `packed`.
  Array<uint64_t> starts;
  Array<uint32_t> packed;
  /// The same of positions; empty when there are none. A row's first position, then distances less one; those
  /// of all rows of a block are one run.
  Array<uint8_t> position_widths;
  Array<uint64_t> position_starts;
  Array<uint32_t> positions;

  int64_t num_lists() const { return counts.size(); }
  int64_t num_blocks() const { return last_rows.size(); }
  bool has_positions() const { return !position_starts.empty(); }
  int64_t size_bytes() const;
  /// Throws Error when the lengths of the arrays do not fit one another. O(1).
  void check_shapes() const;
};

/// What to pack besides rows and counts.
struct PostingParts {
  bool positions = false;
  bool scores = false;
};

/// Packs lists one after the other.
class PostingWriter {
 public:
  explicit PostingWriter(PostingParts with) : with_(with) {}
  /// rows: ascending; counts, scores: of each row; positions: of all rows behind one another, ascending in
  /// each (ignored without positions). The best scores of blocks are kept with scores or without.
  void add_list(std::span<const uint32_t> rows, std::span<const uint32_t> counts,
                std::span<const float> scores, std::span<const uint32_t> positions);
  /// The lists of some writers behind one another; the writers are empty afterwards.
  static PostingLists join(std::span<PostingWriter> writers, int64_t num_rows);

 private:
  void add_block(std::span<const uint32_t> rows, std::span<const uint32_t> counts,
                 std::span<const float> scores, int64_t row_before);
  void add_positions(std::span<const uint32_t> counts, std::span<const uint32_t> positions);

  PostingParts with_;
  std::vector<uint32_t> counts_, last_rows_, packed_, positions_;
  std::vector<float> best_scores_;
  std::vector<uint8_t> row_widths_, count_widths_, position_widths_;
  // Ends of the blocks in `packed_` and `positions_`.
  std::vector<uint64_t> ends_, position_ends_;
  std::vector<uint32_t> scratch_;
};

/// Rows of blocks of some lists that were decoded lately, for the cursors of one thread: a block takes the
/// place of the one before it that fell there.
class DecodedBlocks {
 public:
  struct Slot {
    int64_t block = -1;
    std::array<uint32_t, kPostingBlock> rows{};
  };
  Slot& slot_of(int64_t block) { return slots_[static_cast<size_t>(block) % kNumSlots]; }

 private:
  static constexpr size_t kNumSlots = 2048;  // 1 MB: what is decoded anew is no slower to read
  std::vector<Slot> slots_ = std::vector<Slot>(kNumSlots);
};

/// Walks one list. What the file says is checked before it is followed: Error where it cannot be.
class PostingCursor {
 public:
  /// `kept`: where decoded blocks are kept, all of these very lists; null: nowhere.
  PostingCursor(const PostingLists& lists, int64_t list, DecodedBlocks* kept = nullptr);

  /// Rows of the list.
  int64_t count() const { return count_; }
  bool at_end() const { return block_ == end_block_; }
  /// No row of the rest is smaller than this.
  uint32_t least_row() const {
    if (has_rows()) return row_data()[0];
    return block_ == first_block_ ? 0 : lists_->last_rows[block_ - 1] + 1;
  }
  uint32_t last_row() const { return lists_->last_rows[block_]; }
  /// Goes to the first block, from this on, whose last row is not before `row`.
  void skip_to(uint32_t row) {
    if (!at_end() && last_row() < row) skip_blocks(row);
  }
  void next_block() { ++block_; }
  /// The best score of the rows of this block, of those before `end` from this block on, and of all from it
  /// on: upper bounds by blocks.
  float best_of_block() const { return lists_->best_scores[block_]; }
  float best_before(uint32_t end) const;
  float best_of_rest() const;
  /// Blocks from this on that may have rows before `end`.
  int64_t num_blocks_before(uint32_t end) const;

  /// Of the current block: rows, counts, and the count of row i (when not all are wanted).
  std::span<const uint32_t> rows() {
    if (!has_rows()) find_rows();
    return {row_data(), static_cast<size_t>(block_size())};
  }
  std::span<const uint32_t> counts();
  uint32_t count_of(int64_t i) const;
  /// The bits of the scores of the current block; for lists with scores.
  const uint32_t* score_bits() const;
  /// Replaces `out` by the positions of row i of the current block.
  void positions_of(int64_t i, std::vector<uint32_t>& out);
  /// Blocks whose rows were asked for.
  int64_t num_decoded() const { return num_decoded_; }

 private:
  int64_t block_size() const {
    return block_ + 1 == end_block_ ? count_ - kPostingBlock * (end_block_ - 1 - first_block_)
                                    : kPostingBlock;
  }
  // A slot may have gone to another cursor's block.
  bool has_rows() const { return decoded_block_ == block_ && (slot_ == nullptr || slot_->block == block_); }
  const uint32_t* row_data() const { return slot_ == nullptr ? rows_.data() : slot_->rows.data(); }
  void skip_blocks(uint32_t row);
  void find_rows();
  void decode_rows(std::span<uint32_t> rows) const;
  void add_up_slowly(uint64_t next, std::span<uint32_t> rows) const;
  const uint32_t* checked_block() const;
  const uint32_t* packed_counts() const;
  [[noreturn]] void fail_damaged() const;

  const PostingLists* lists_;
  DecodedBlocks* kept_;
  DecodedBlocks::Slot* slot_ = nullptr;
  int64_t count_, first_block_, end_block_, block_;
  int64_t decoded_block_ = -1, counted_block_ = -1, num_decoded_ = 0;
  std::array<uint32_t, kPostingBlock> rows_, counts_;
};

}  // namespace whitney::search
