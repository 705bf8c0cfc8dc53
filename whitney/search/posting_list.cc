#include "whitney/search/posting_list.h"

#include <bit>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/search/bm25_kernels.h"

namespace whitney::search {
namespace {

constexpr int kMaxWidth = 32;
// Reading a value may touch the two words behind a run.
constexpr int64_t kPadding = 2;

template <class T, class Of>
Array<T> joined(std::span<PostingWriter> writers, const Of& of, int64_t padding = 0) {
  int64_t size = padding;
  for (PostingWriter& writer : writers) size += std::ssize(of(writer));
  Array<T> result(size);
  T* out = result.mutable_data();
  for (PostingWriter& writer : writers) {
    std::vector<T>& values = of(writer);
    out = std::copy(values.begin(), values.end(), out);
    values = {};
  }
  std::fill(out, out + padding, T{});
  return result;
}

// Ends within each writer as starts in the whole.
template <class Of>
Array<uint64_t> joined_starts(std::span<PostingWriter> writers, const Of& of) {
  std::vector<uint64_t> starts = {0};
  for (PostingWriter& writer : writers) {
    const uint64_t before = starts.back();
    for (const uint64_t end : of(writer)) starts.push_back(before + end);
    of(writer) = {};
  }
  return Array<uint64_t>::copy_of(starts);
}

}  // namespace

int64_t PostingLists::size_bytes() const {
  return 4 * (counts.size() + last_rows.size() + best_scores.size() + packed.size() + positions.size()) +
         8 * (first_blocks.size() + starts.size() + position_starts.size()) + row_widths.size() +
         count_widths.size() + position_widths.size();
}

void PostingLists::check_shapes() const {
  const int64_t blocks = num_blocks();
  const bool fits = first_blocks.size() == num_lists() + 1 && best_scores.size() == blocks &&
                    row_widths.size() == blocks && count_widths.size() == blocks &&
                    starts.size() == blocks + 1 && packed.size() >= kPadding &&
                    (!has_positions() || (position_starts.size() == blocks + 1 &&
                                          position_widths.size() == blocks && positions.size() >= kPadding));
  if (!fits) fail("the lengths of the posting lists' tensors do not fit one another");
}

void PostingWriter::add_list(std::span<const uint32_t> rows, std::span<const uint32_t> counts,
                             std::span<const float> scores, std::span<const uint32_t> positions) {
  counts_.push_back(static_cast<uint32_t>(rows.size()));
  int64_t row_before = -1;
  for (size_t begin = 0; begin < rows.size(); begin += kPostingBlock) {
    const size_t size = std::min<size_t>(kPostingBlock, rows.size() - begin);
    add_block(rows.subspan(begin, size), counts.subspan(begin, size), scores.subspan(begin, size),
              row_before);
    row_before = rows[begin + size - 1];
    best_scores_.push_back(std::ranges::max(scores.subspan(begin, size)));
    if (!with_.positions) continue;
    size_t num_positions = 0;
    for (const uint32_t count : counts.subspan(begin, size)) num_positions += count;
    add_positions(counts.subspan(begin, size), positions.first(num_positions));
    positions = positions.subspan(num_positions);
  }
}

void PostingWriter::add_block(std::span<const uint32_t> rows, std::span<const uint32_t> counts,
                              std::span<const float> scores, int64_t row_before) {
  const auto pack = [&](std::vector<uint8_t>& widths) {
    const int width = bit_width_of(scratch_);
    widths.push_back(static_cast<uint8_t>(width));
    if (scratch_.size() == kPostingBlock)
      pack_block(std::span<const uint32_t, kPostingBlock>(scratch_), width, packed_);
    else
      pack_run(scratch_, width, packed_);
  };
  scratch_.clear();
  for (const uint32_t row : rows) {
    scratch_.push_back(static_cast<uint32_t>(row - row_before - 1));
    row_before = row;
  }
  pack(row_widths_);
  scratch_.clear();
  for (const uint32_t count : counts) scratch_.push_back(count - 1);
  pack(count_widths_);
  if (with_.scores) {
    for (const float score : scores) packed_.push_back(std::bit_cast<uint32_t>(score));
  }
  last_rows_.push_back(rows.back());
  ends_.push_back(packed_.size());
}

void PostingWriter::add_positions(std::span<const uint32_t> counts, std::span<const uint32_t> positions) {
  scratch_.clear();
  size_t at = 0;
  for (const uint32_t count : counts) {
    for (uint32_t i = 0; i < count; ++i, ++at)
      scratch_.push_back(i == 0 ? positions[at] : positions[at] - positions[at - 1] - 1);
  }
  // At least a bit, so that a damaged count cannot ask for more positions than the file has bits.
  const int width = std::max(bit_width_of(scratch_), 1);
  position_widths_.push_back(static_cast<uint8_t>(width));
  pack_run(scratch_, width, positions_);
  position_ends_.push_back(positions_.size());
}

PostingLists PostingWriter::join(std::span<PostingWriter> writers, int64_t num_rows) {
  PostingLists lists;
  lists.num_rows = num_rows;
  lists.has_scores = !writers.empty() && writers.front().with_.scores;
  lists.counts = joined<uint32_t>(writers, [](PostingWriter& w) -> auto& { return w.counts_; });
  std::vector<uint64_t> first_blocks = {0};
  for (const uint32_t count : lists.counts)
    first_blocks.push_back(first_blocks.back() + (count + kPostingBlock - 1) / kPostingBlock);
  lists.first_blocks = Array<uint64_t>::copy_of(first_blocks);
  lists.last_rows = joined<uint32_t>(writers, [](PostingWriter& w) -> auto& { return w.last_rows_; });
  lists.best_scores = joined<float>(writers, [](PostingWriter& w) -> auto& { return w.best_scores_; });
  lists.row_widths = joined<uint8_t>(writers, [](PostingWriter& w) -> auto& { return w.row_widths_; });
  lists.count_widths = joined<uint8_t>(writers, [](PostingWriter& w) -> auto& { return w.count_widths_; });
  lists.starts = joined_starts(writers, [](PostingWriter& w) -> auto& { return w.ends_; });
  lists.packed = joined<uint32_t>(writers, [](PostingWriter& w) -> auto& { return w.packed_; }, kPadding);
  if (writers.empty() || !writers.front().with_.positions) return lists;
  lists.position_widths =
      joined<uint8_t>(writers, [](PostingWriter& w) -> auto& { return w.position_widths_; });
  lists.position_starts = joined_starts(writers, [](PostingWriter& w) -> auto& { return w.position_ends_; });
  lists.positions =
      joined<uint32_t>(writers, [](PostingWriter& w) -> auto& { return w.positions_; }, kPadding);
  return lists;
}

PostingCursor::PostingCursor(const PostingLists& lists, int64_t list, DecodedBlocks* kept)
    : lists_(&lists),
      kept_(kept),
      count_(lists.counts[list]),
      first_block_(static_cast<int64_t>(lists.first_blocks[list])),
      end_block_(static_cast<int64_t>(lists.first_blocks[list + 1])),
      block_(first_block_) {
  const int64_t num_blocks = (count_ + kPostingBlock - 1) / kPostingBlock;
  if (first_block_ < 0 || first_block_ > lists.num_blocks() || end_block_ > lists.num_blocks() ||
      end_block_ - first_block_ != num_blocks || count_ > lists.num_rows) {
    fail_damaged();
  }
}

void PostingCursor::fail_damaged() const {
  fail("a posting list is damaged, at block ", block_, " (expected: the index as it was written)");
}

void PostingCursor::skip_blocks(uint32_t row) {
  const uint32_t* last = lists_->last_rows.data();
  for (int tries = 0; tries < 8; ++tries, ++block_) {
    if (block_ == end_block_ || last[block_] >= row) return;
  }
  block_ = std::lower_bound(last + block_, last + end_block_, row) - last;
}

float PostingCursor::best_before(uint32_t end) const {
  float best = 0;
  for (int64_t b = block_; b < end_block_; ++b) {
    if (b > block_ && lists_->last_rows[b - 1] + uint64_t{1} >= end) break;
    best = std::max(best, lists_->best_scores[b]);
  }
  return best;
}

float PostingCursor::best_of_rest() const {
  // Four at a time: one maximum would wait for another.
  std::array<float, 4> best{};
  const float* scores = lists_->best_scores.data();
  int64_t b = block_;
  for (; b + 4 <= end_block_; b += 4) {
    for (size_t i = 0; i < best.size(); ++i) best[i] = std::max(best[i], scores[b + static_cast<int64_t>(i)]);
  }
  for (; b < end_block_; ++b) best[0] = std::max(best[0], scores[b]);
  return std::ranges::max(best);
}

int64_t PostingCursor::num_blocks_before(uint32_t end) const {
  int64_t block = block_;
  while (block < end_block_ && (block == block_ || lists_->last_rows[block - 1] + uint64_t{1} < end)) ++block;
  return block - block_;
}

// Where the current block begins, once it is known to lie within the file.
const uint32_t* PostingCursor::checked_block() const {
  const uint64_t begin = lists_->starts[block_], end = lists_->starts[block_ + 1];
  const int row_width = lists_->row_widths[block_], count_width = lists_->count_widths[block_];
  const int64_t score_words = lists_->has_scores ? block_size() : 0;
  if (row_width > kMaxWidth || count_width > kMaxWidth || begin > end ||
      end > static_cast<uint64_t>(lists_->packed.size() - kPadding) ||
      static_cast<int64_t>(end - begin) !=
          run_words(block_size(), row_width) + run_words(block_size(), count_width) + score_words) {
    fail_damaged();
  }
  return lists_->packed.data() + begin;
}

const uint32_t* PostingCursor::packed_counts() const {
  return checked_block() + run_words(block_size(), lists_->row_widths[block_]);
}

const uint32_t* PostingCursor::score_bits() const {
  if (decoded_block_ != block_) checked_block();
  return lists_->packed.data() + lists_->starts[block_ + 1] - block_size();
}

void PostingCursor::find_rows() {
  const auto size = static_cast<size_t>(block_size());
  if (kept_ == nullptr) {
    decode_rows(std::span(rows_).first(size));
  } else {
    slot_ = &kept_->slot_of(block_);
    if (slot_->block != block_) {
      slot_->block = -1;
      decode_rows(std::span(slot_->rows).first(size));
      slot_->block = block_;
    }
  }
  if (decoded_block_ != block_) ++num_decoded_;
  decoded_block_ = block_;
}

void PostingCursor::decode_rows(std::span<uint32_t> rows) const {
  // 128 distances of 23 bits behind a first row of 31 bits: no sum passes 2^32.
  constexpr int kSafeWidth = 23;
  constexpr uint64_t kSafeFirst = uint64_t{1} << 31;
  const uint32_t* block = checked_block();
  const int width = lists_->row_widths[block_];
  if (rows.size() == kPostingBlock) {
    unpack_block(block, width, rows.data());
  } else {
    unpack_run(block, width, std::ssize(rows), rows.data());
  }
  const uint64_t first = block_ == first_block_ ? 0 : uint64_t{lists_->last_rows[block_ - 1]} + 1;
  if (width <= kSafeWidth && first < kSafeFirst) {
    add_up_distances(static_cast<uint32_t>(first), rows);
  } else {
    add_up_slowly(first, rows);
  }
  // Rows ascend, so that a last row within bounds vouches for those before it.
  if (rows.back() != last_row() || static_cast<int64_t>(rows.back()) >= lists_->num_rows) fail_damaged();
}

// In 64 bits, which hold every sum.
void PostingCursor::add_up_slowly(uint64_t next, std::span<uint32_t> rows) const {
  for (uint32_t& row : rows) {
    next += row;
    if (next > std::numeric_limits<uint32_t>::max()) fail_damaged();
    row = static_cast<uint32_t>(next++);
  }
}

std::span<const uint32_t> PostingCursor::counts() {
  const int64_t size = block_size();
  if (counted_block_ != block_) {
    const uint32_t* packed = packed_counts();
    const int width = lists_->count_widths[block_];
    if (size == kPostingBlock) {
      unpack_block(packed, width, counts_.data());
    } else {
      unpack_run(packed, width, size, counts_.data());
    }
    for (int64_t i = 0; i < size; ++i) ++counts_[static_cast<size_t>(i)];
    counted_block_ = block_;
  }
  return {counts_.data(), static_cast<size_t>(size)};
}

uint32_t PostingCursor::count_of(int64_t i) const {
  if (counted_block_ == block_) return counts_[static_cast<size_t>(i)];
  const int width = lists_->count_widths[block_];
  return (block_size() == kPostingBlock ? block_value(packed_counts(), width, i)
                                        : run_value(packed_counts(), width, i)) +
         1;
}

void PostingCursor::positions_of(int64_t i, std::vector<uint32_t>& out) {
  const std::span<const uint32_t> all = counts();
  uint64_t before = 0, total = 0;
  for (int64_t j = 0; j < std::ssize(all); ++j) {
    if (j == i) before = total;
    total += all[static_cast<size_t>(j)];
  }
  const uint64_t begin = lists_->position_starts[block_], end = lists_->position_starts[block_ + 1];
  const int width = lists_->position_widths[block_];
  // 128 counts of 32 bits and 32 bits each: no overflow.
  if (width < 1 || width > kMaxWidth || begin > end ||
      end > static_cast<uint64_t>(lists_->positions.size() - kPadding) ||
      static_cast<int64_t>(end - begin) != run_words(static_cast<int64_t>(total), width)) {
    fail_damaged();
  }
  const uint32_t* run = lists_->positions.data() + begin;
  out.clear();
  uint32_t position = 0;
  for (uint32_t j = 0; j < all[static_cast<size_t>(i)]; ++j) {
    position += run_value(run, width, static_cast<int64_t>(before + j)) + (j == 0 ? 0 : 1);
    out.push_back(position);
  }
}

}  // namespace whitney::search
