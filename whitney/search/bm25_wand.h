#pragma once

#include <cstdint>
#include <span>

#include "whitney/search/bm25_walk.h"

namespace whitney::search {

/// Finds the k rows of the highest score, row by row: block-max WAND (Broder, Carmel, Herscovici, Soffer,
/// Zien 2003; Ding & Suel 2011). Rows that the best scores of all words' lists, or of the blocks around the
/// row, keep out of the k best are passed over, whole blocks at a time. Bits of the hits are those of
/// Bm25Walk.
class Bm25Wand {
 public:
  /// As Bm25Walk.
  Bm25Wand(const Bm25Scores& scores, std::span<Bm25Term> terms, double constant, Bm25WalkScratch& scratch);

  /// The best as keys, best first; once only.
  std::span<const uint64_t> run(const Bm25Rows& rows, int64_t k);
  const Bm25Counts& counts() const { return counts_; }

 private:
  void sort_words();
  size_t num_to_pivot() const;
  uint32_t enter_blocks(size_t num_words, uint32_t row);
  void offer_row(uint32_t row, size_t num_words);
  void offer_block(uint32_t row, uint32_t end, const Bm25Rows& rows);
  float value(double score) const { return static_cast<float>(score + constant_); }
  // Rows ascend: one that only equals the last of the best comes behind it.
  bool is_among_best(double score) const { return value(score) > scratch_.best.threshold(); }

  const Bm25Scores& scores_;
  uint32_t num_rows_;
  double constant_;
  Bm25WalkScratch& scratch_;
  std::span<Bm25WandWord> words_;
  double block_bound_ = 0;
  Bm25Counts counts_;
};

}  // namespace whitney::search
