#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "whitney/search/best_rows.h"
#include "whitney/search/bm25_dense.h"
#include "whitney/search/bm25_formula.h"
#include "whitney/search/bm25_kernels.h"
#include "whitney/search/deadline.h"
#include "whitney/search/posting_list.h"

namespace whitney::search {

/// What a walk did, for `explain`.
struct Bm25Counts {
  int64_t windows = 0, blocks = 0, candidates = 0;
};

/// What scores are made of where the lists keep none.
struct Bm25Scores {
  Bm25Formula formula;
  std::span<const uint32_t> lengths;
};

/// A word of a query on its way through its list.
class Bm25Term {
 public:
  /// The list of a word that stands `times` times in the query.
  Bm25Term(const PostingLists& lists, int64_t list, int64_t times, const Bm25Formula& formula,
           DecodedBlocks* kept = nullptr)
      : cursor(lists, list, kept),
        list_(kept != nullptr ? list : -1),
        has_scores_(lists.has_scores),
        weight_(has_scores_ ? 0 : formula.weight(cursor.count())),
        times_(static_cast<double>(times)) {}

  PostingCursor cursor;

  double times() const { return times_; }
  /// The list, where decoded blocks of it are kept; else -1.
  int64_t kept_list() const { return list_; }
  /// What the word adds at most to rows before `end`.
  double best_before(uint32_t end) const { return times_ * cursor.best_before(end); }
  /// The first row of the current block that is not before `row`; callers ask for later and later ones.
  size_t first_from(uint32_t row) {
    if (first_block_ != cursor.num_decoded()) {
      first_ = 0;
      first_block_ = cursor.num_decoded();
    }
    const auto rows = cursor.rows();
    while (rows[first_] < row) ++first_;
    return first_;
  }
  void set_first(size_t first) { first_ = first; }
  /// The same by steps that double, for who jumps; the block's last row must not be before `row`.
  size_t jump_to(uint32_t row);
  /// What it adds to each row of the current block when it stands once in the query, as the bits of floats.
  const uint32_t* score_bits(const Bm25Scores& scores);
  /// What it adds to a row that is not before those asked for so far; nothing where it does not stand.
  std::optional<double> score_of(uint32_t row, const Bm25Scores& scores);
  /// What it adds to row `place` of the current block, whose rows were asked for.
  double score_at(size_t place, uint32_t row, const Bm25Scores& scores) {
    const float score = has_scores_
                            ? std::bit_cast<float>(cursor.score_bits()[place])
                            : scores.formula.score(weight_, cursor.count_of(static_cast<int64_t>(place)),
                                                   scores.lengths[row]);
    return times_ * score;
  }

 private:
  int64_t list_;
  bool has_scores_;
  double weight_, times_;
  int64_t scored_count_ = -1, first_block_ = -1;
  size_t first_ = 0;
  std::array<uint32_t, kPostingBlock> scores_;
};

/// The rows that a walk may return.
struct Bm25Rows {
  /// Bit r of word r / 64; empty: all rows.
  std::span<const uint64_t> allowed;
  /// -1: none.
  int64_t excluded = -1;

  bool contains(uint32_t row) const {
    return row != excluded && (allowed.empty() || (allowed[row / 64] >> (row % 64) & 1) != 0);
  }
  /// The first row of `allowed` from `row` on, num_rows where there is none.
  uint32_t next(uint32_t row, uint32_t num_rows) const {
    if (allowed.empty() || row >= num_rows) return row;
    size_t word = row / 64;
    uint64_t bits = allowed[word] >> (row % 64) << (row % 64);
    while (bits == 0 && ++word < allowed.size()) bits = allowed[word];
    if (bits == 0) return num_rows;
    return static_cast<uint32_t>(64 * word) + static_cast<uint32_t>(std::countr_zero(bits));
  }
};

/// A word of a query as block-max WAND sees it.
struct Bm25WandWord {
  Bm25Term* term;
  /// It stands in no row before this, of those not looked at yet.
  uint32_t row;
  /// What it adds at most to any row, and to those of its current block.
  double best, block_best;
};

/// What walks need besides the index; kept, so that a query allocates nothing.
struct Bm25WalkScratch {
  DecodedBlocks blocks;
  DenseScores dense;
  BestRows best;
  /// kUntouched between walks.
  std::vector<double> sums;
  /// Places in the window that words added to, as often as they did.
  std::vector<uint32_t> touched;
  std::vector<RowSum> found;
  std::vector<double> group_bests;
  std::vector<DenseList> dense_lists;
  std::vector<Bm25Term*> terms;
  std::vector<double> bound_sums;
  std::vector<std::pair<double, Bm25Term*>> ranked;
  std::vector<Bm25WandWord> wand_words;
  /// Ends walks when their time is up, with the best so far.
  DeadlineWatch watch;
};

/// Finds the k rows of the highest score, window of rows after window: words add to sums of its rows, and the
/// sums that are among the best are taken. Bits of the hits do not depend on the plan.
class Bm25Walk {
 public:
  /// `constant` is added to each score. The terms are used up. The scratch is only fit for others if no
  /// exception is thrown.
  Bm25Walk(const Bm25Scores& scores, std::span<Bm25Term> terms, double constant, Bm25WalkScratch& scratch);

  /// Adds all words up: cheapest where the lists are short.
  std::span<const uint64_t> scan(const Bm25Rows& rows, int64_t k);
  /// MaxScore (Turtle & Flood 1995) with the best scores of blocks (Ding & Suel 2011): in each window, words
  /// that cannot lift a row into the k best are looked up only for rows which the others propose, unless
  /// these are so many that adding up is cheaper; windows where all words are such are skipped.
  std::span<const uint64_t> max_score(const Bm25Rows& rows, int64_t k);
  /// Looks a few rows, ascending, up in the lists.
  std::span<const uint64_t> look_up(std::span<const uint32_t> rows, int64_t excluded, int64_t k);
  const Bm25Counts& counts() const { return counts_; }

 private:
  // Sums of 64 KB stay near the first cache, and windows are few; smaller ones have tighter bounds.
  static constexpr uint32_t kScanWindow = 1 << 13, kSkipWindow = 1 << 12;

  std::span<const uint64_t> run(const Bm25Rows& rows, int64_t k, uint32_t window, bool skips);
  uint32_t next_row(uint32_t from);
  size_t choose_optional(uint32_t end);
  size_t postings_before(uint32_t end, size_t num_optional) const;
  void accumulate(Bm25Term& term, uint32_t begin, uint32_t end);
  bool is_dense(const Bm25Term& term) const;
  void keep_dense(Bm25Term& term);
  void accumulate_all(uint32_t begin, uint32_t end);
  void select(uint32_t begin, uint32_t end, size_t num_optional, const Bm25Rows& rows);
  void select_touched(uint32_t begin, size_t num_optional, const Bm25Rows& rows);
  void offer(uint32_t row, double sum, size_t num_optional, const Bm25Rows& rows);
  void count_blocks();
  float value(double score) const { return static_cast<float>(score + constant_); }
  float reached_score(std::span<const double> sums, const Bm25Rows& rows);
  double least_sum(double threshold, size_t num_optional) const;

  const Bm25Scores& scores_;
  double constant_;
  Bm25WalkScratch& scratch_;
  std::span<Bm25Term*> terms_;
  size_t num_touched_ = 0, most_touched_ = 0;
  Bm25Counts counts_;
};

}  // namespace whitney::search
