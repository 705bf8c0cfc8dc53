#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "whitney/linalg/top_k.h"
#include "whitney/search/bm25_formula.h"
#include "whitney/search/posting_list.h"

namespace whitney::search {

/// What a walk did, for `explain`.
struct Bm25Counts {
  int64_t windows = 0, blocks = 0, candidates = 0;
};

/// A word of a query on its way through its list.
class Bm25Term {
 public:
  Bm25Term(const PostingLists& lists, int64_t list, const Bm25Formula& formula, int64_t times)
      : cursor(lists, list), weight_(formula.weight(cursor.count())), times_(static_cast<double>(times)) {}

  PostingCursor cursor;

  double times() const { return times_; }
  /// What the word adds at most to rows before `end`.
  double best_before(uint32_t end) const { return times_ * cursor.best_before(end); }
  /// What it adds to each row of the current block.
  std::span<const double> scores(const Bm25Formula& formula, std::span<const uint32_t> lengths);
  /// What it adds to a row that is not before those asked for so far; nothing where it does not stand.
  std::optional<double> score_of(uint32_t row, const Bm25Formula& formula, std::span<const uint32_t> lengths);

 private:
  double weight_, times_;
  int64_t scored_count_ = -1;
  std::array<double, kPostingBlock> scores_;
};

/// The rows that a walk may return.
struct Bm25Rows {
  /// Bit r of word r / 64; empty: all rows.
  std::span<const uint64_t> allowed;
  /// -1: none.
  int64_t excluded = -1;
};

/// Finds the k rows of the highest score in windows of rows: MaxScore (Turtle & Flood 1995) with the best
/// scores of blocks (Ding & Suel 2011). In each window, words that cannot lift a row into the k best are
/// looked up only for rows which the others propose; windows where all words are such are skipped.
class Bm25Walk {
 public:
  /// `constant` is added to each score. The terms are used up. `exact`: look at every row instead.
  Bm25Walk(const Bm25Formula& formula, std::span<const uint32_t> lengths, std::vector<Bm25Term>& terms,
           double constant, bool exact);
  /// Best first (the key is the score, negated); equal scores: the smaller row first.
  std::vector<TopK::Entry> run(const Bm25Rows& rows, int64_t k);
  /// The same among a few rows, ascending: each is looked up in the lists.
  std::vector<TopK::Entry> run_among(std::span<const uint32_t> rows, int64_t excluded, int64_t k);
  const Bm25Counts& counts() const { return counts_; }

 private:
  static constexpr uint32_t kWindow = 2048;

  uint32_t next_row(uint32_t from);
  size_t choose_optional(uint32_t end);
  void accumulate(Bm25Term& term, uint32_t begin, uint32_t end);
  void offer(uint32_t begin, size_t num_optional, const Bm25Rows& rows, TopK& best);
  void count_blocks();
  float value(double score) const { return static_cast<float>(score + constant_); }

  const Bm25Formula& formula_;
  std::span<const uint32_t> lengths_;
  double constant_;
  bool exact_;
  std::vector<Bm25Term*> terms_;
  // Of the current window: what the first i words add at most together; sums, and which rows have one.
  std::vector<double> bound_sums_;
  std::vector<std::pair<double, Bm25Term*>> ranked_;
  std::array<double, kWindow> sums_{};
  std::array<uint64_t, kWindow / 64> seen_{};
  float threshold_ = -std::numeric_limits<float>::infinity();
  Bm25Counts counts_;
};

}  // namespace whitney::search
