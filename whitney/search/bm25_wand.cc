#include "whitney/search/bm25_wand.h"

#include <algorithm>
#include <bit>

namespace whitney::search {

Bm25Wand::Bm25Wand(const Bm25Scores& scores, std::span<Bm25Term> terms, double constant,
                   Bm25WalkScratch& scratch)
    : scores_(scores),
      num_rows_(static_cast<uint32_t>(scores.lengths.size())),
      constant_(constant),
      scratch_(scratch) {
  scratch_.wand_words.clear();
  for (Bm25Term& term : terms)
    scratch_.wand_words.push_back({&term, 0, term.times() * term.cursor.best_of_rest(), 0});
  words_ = scratch_.wand_words;
}

// By the row that each may stand in next. From row to row few change their places.
void Bm25Wand::sort_words() {
  for (size_t i = 1; i < words_.size(); ++i) {
    if (words_[i - 1].row <= words_[i].row) continue;
    const Bm25WandWord word = words_[i];
    size_t place = i;
    for (; place > 0 && words_[place - 1].row > word.row; --place) words_[place] = words_[place - 1];
    words_[place] = word;
  }
}

// How many of the first words can together lift a row into the best, those that may stand in the last one's
// row too; 0 when all of them cannot.
size_t Bm25Wand::num_to_pivot() const {
  double bound = 0;
  for (size_t i = 0; i < words_.size(); ++i) {
    bound += words_[i].best;
    if (!is_among_best(bound)) continue;
    while (i + 1 < words_.size() && words_[i + 1].row == words_[i].row) ++i;
    return i + 1;
  }
  return 0;
}

// Brings the first words to the blocks that may hold `row`, and adds up what these give at most. Returns the
// first row that other blocks or words may have.
uint32_t Bm25Wand::enter_blocks(size_t num_words, uint32_t row) {
  uint64_t end = num_words < words_.size() ? words_[num_words].row : num_rows_;
  block_bound_ = 0;
  for (Bm25WandWord& word : words_.first(num_words)) {
    PostingCursor& cursor = word.term->cursor;
    cursor.skip_to(row);
    if (cursor.at_end()) {
      word.row = num_rows_;
      word.block_best = 0;
      continue;
    }
    word.block_best = word.term->times() * cursor.best_of_block();
    block_bound_ += word.block_best;
    end = std::min(end, cursor.last_row() + uint64_t{1});
  }
  return static_cast<uint32_t>(std::min<uint64_t>(end, num_rows_));
}

// Adds up what the first words give to a row, as long as it may be among the best. Those come first that are
// known to stand there or have come far already: blocks of the others often need not be decoded.
void Bm25Wand::offer_row(uint32_t row, size_t num_words) {
  double sum = 0, bound = block_bound_;
  bool has_word = false;
  size_t left = num_words;
  while (left > 0 && is_among_best(bound)) {
    Bm25WandWord& word = words_[--left];
    if (word.row >= num_rows_) continue;
    const size_t place = word.term->jump_to(row);
    const auto rows = word.term->cursor.rows();
    bound -= word.block_best;
    word.row = rows[place];
    if (word.row != row) continue;
    const double score = word.term->score_at(place, row, scores_);
    sum += score;
    bound += score;
    has_word = true;
    word.row = place + 1 < rows.size() ? rows[place + 1] : row + 1;
  }
  for (Bm25WandWord& word : words_.first(left)) word.row = std::max(word.row, row + 1);
  if (left > 0 || !has_word) return;
  ++counts_.candidates;
  scratch_.best.offer(value(sum), row);
}

// Where the first word stands alone, its block is looked over.
void Bm25Wand::offer_block(uint32_t row, uint32_t end, const Bm25Rows& rows) {
  Bm25WandWord& word = words_.front();
  const auto block = word.term->cursor.rows();
  const uint32_t* scores = word.term->score_bits(scores_);
  for (size_t place = word.term->jump_to(row); place < block.size() && block[place] < end; ++place) {
    const double score = word.term->times() * std::bit_cast<float>(scores[place]);
    if (!is_among_best(score) || !rows.contains(block[place])) continue;
    ++counts_.candidates;
    scratch_.best.offer(value(score), block[place]);
  }
  word.row = end;
}

std::span<const uint64_t> Bm25Wand::run(const Bm25Rows& rows, int64_t k) {
  scratch_.best.reset(std::min<int64_t>(k, num_rows_));
  for (size_t num_words = num_to_pivot(); num_words > 0; num_words = num_to_pivot()) {
    const uint32_t row = words_[num_words - 1].row;
    if (row >= num_rows_ || scratch_.watch.is_over<32>()) break;
    if (!rows.contains(row)) {
      const uint32_t next = rows.next(row + 1, num_rows_);
      for (Bm25WandWord& word : words_) word.row = std::max(word.row, next);
    } else {
      const uint32_t end = enter_blocks(num_words, row);
      if (!is_among_best(block_bound_)) {
        for (Bm25WandWord& word : words_.first(num_words)) word.row = std::max(word.row, end);
      } else if (num_words == 1) {
        if (words_[0].row == row) offer_block(row, end, rows);
      } else {
        offer_row(row, num_words);
      }
    }
    sort_words();
  }
  for (const Bm25WandWord& word : words_) counts_.blocks += word.term->cursor.num_decoded();
  return scratch_.best.take();
}

}  // namespace whitney::search
