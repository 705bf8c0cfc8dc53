#include "whitney/search/bm25_plan.h"

#include <algorithm>

namespace whitney::search {
namespace {

// Row by row, up to three words are worth it: one alone, whose blocks are passed over; a rare one beside
// others, which are only looked up; or words that have so few of the rows that windows of sums stay nearly
// empty.
bool is_for_wand(size_t num_terms, int64_t fewest, int64_t most, int64_t num_rows) {
  constexpr int64_t kRarer = 8, kRowsOfSparse = 512;
  if (num_terms <= 1) return true;
  if (num_terms > 3) return false;
  return most * kRowsOfSparse <= num_rows || fewest * (num_terms == 2 ? kRarer : kRarer * kRarer) <= most;
}

// Skipping within windows pays for the best one or two rows: the score to beat is found at once. In many rows
// it takes a word that most windows have, or there is little to skip.
bool is_for_max_score(size_t num_terms, int64_t most, int64_t num_rows, int64_t k) {
  constexpr int64_t kMostHits = 2, kFewRows = 1 << 18, kRowsOfCommon = 32;
  constexpr size_t kMostTerms = 11;
  return k <= kMostHits && num_terms <= kMostTerms &&
         (num_rows < kFewRows || most * kRowsOfCommon > num_rows);
}

}  // namespace

Bm25Plan choose_plan(std::span<const Bm25Term> terms, int64_t num_rows, int64_t k) {
  int64_t fewest = num_rows, most = 0;
  for (const Bm25Term& term : terms) {
    fewest = std::min(fewest, term.cursor.count());
    most = std::max(most, term.cursor.count());
  }
  if (is_for_wand(terms.size(), fewest, most, num_rows)) return Bm25Plan::kWand;
  if (is_for_max_score(terms.size(), most, num_rows, k)) return Bm25Plan::kMaxScore;
  return Bm25Plan::kScan;
}

}  // namespace whitney::search
