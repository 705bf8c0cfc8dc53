#include "whitney/search/bm25_walk.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace whitney::search {
namespace {

// Sums that are looked over at a time, so that the threshold follows: few while there is none.
constexpr size_t kFewSums = 64, kSumsAtOnce = 1024;
// The k-th of so many groups is found by counting.
constexpr int64_t kFewGroups = 64;
// Where fewer places than one in so many are touched, they are looked over one by one.
constexpr uint32_t kPlacesPerTouched = 4;

// A look-up of a row in a list takes as long as adding up so many rows of it.
constexpr size_t kRowsPerLookup = 16;

size_t place_of(std::span<const uint32_t> rows, uint32_t row) {
  return static_cast<size_t>(std::ranges::lower_bound(rows, row) - rows.begin());
}

}  // namespace

const uint32_t* Bm25Term::score_bits(const Bm25Scores& scores) {
  if (has_scores_) return cursor.score_bits();
  const auto rows = cursor.rows();
  if (scored_count_ != cursor.num_decoded()) {
    score_rows(scores.formula, weight_, rows, cursor.counts(), scores.lengths, scores_.data());
    scored_count_ = cursor.num_decoded();
  }
  return scores_.data();
}

std::optional<double> Bm25Term::score_of(uint32_t row, const Bm25Scores& scores) {
  cursor.skip_to(row);
  if (cursor.at_end() || cursor.least_row() > row) return std::nullopt;
  const auto rows = cursor.rows();
  const size_t place = place_of(rows, row);
  if (place == rows.size() || rows[place] != row) return std::nullopt;
  return score_at(place, row, scores);
}

size_t Bm25Term::jump_to(uint32_t row) {
  const auto rows = cursor.rows();
  if (first_block_ != cursor.num_decoded()) {
    first_ = 0;
    first_block_ = cursor.num_decoded();
  }
  if (rows[first_] >= row) return first_;
  size_t low = first_, step = 1;
  for (; low + step < rows.size() && rows[low + step] < row; step *= 2) low += step;
  const size_t high = std::min(low + step, rows.size() - 1);
  return first_ = low + 1 + place_of(rows.subspan(low + 1, high - low - 1), row);
}

Bm25Walk::Bm25Walk(const Bm25Scores& scores, std::span<Bm25Term> terms, double constant,
                   Bm25WalkScratch& scratch)
    : scores_(scores), constant_(constant), scratch_(scratch) {
  scratch_.terms.clear();
  for (Bm25Term& term : terms) scratch_.terms.push_back(&term);
  terms_ = scratch_.terms;
  scratch_.bound_sums.assign(terms.size() + 1, 0);
}

// The first row, from `from` on, that a word may stand in.
uint32_t Bm25Walk::next_row(uint32_t from) {
  auto next = static_cast<uint32_t>(scores_.lengths.size());
  for (Bm25Term* term : terms_) {
    term->cursor.skip_to(from);
    if (!term->cursor.at_end()) next = std::min(next, std::max(from, term->cursor.least_row()));
  }
  return next;
}

// Sorts the words by what they add at most to rows before `end`; returns how many of the first together
// cannot lift a row into the best.
size_t Bm25Walk::choose_optional(uint32_t end) {
  auto& ranked = scratch_.ranked;
  ranked.clear();
  for (Bm25Term* term : terms_) {
    const bool is_here = !term->cursor.at_end() && term->cursor.least_row() < end;
    ranked.emplace_back(is_here ? term->best_before(end) : 0, term);
  }
  std::ranges::sort(ranked, {}, [](const auto& entry) { return entry.first; });
  auto& sums = scratch_.bound_sums;
  for (size_t i = 0; i < terms_.size(); ++i) {
    terms_[i] = ranked[i].second;
    sums[i + 1] = sums[i] + ranked[i].first;
  }
  const float threshold = scratch_.best.threshold();
  size_t num_optional = 0;
  // Rows ascend from window to window: one that only equals the last of the best comes behind it.
  while (num_optional < terms_.size() && !(value(sums[num_optional + 1]) > threshold)) ++num_optional;
  return num_optional;
}

// Rows of the optional words before `end`, as many as there would be in full blocks.
size_t Bm25Walk::postings_before(uint32_t end, size_t num_optional) const {
  int64_t blocks = 0;
  for (const Bm25Term* term : terms_.first(num_optional)) blocks += term->cursor.num_blocks_before(end);
  return static_cast<size_t>(blocks * kPostingBlock);
}

void Bm25Walk::accumulate(Bm25Term& term, uint32_t begin, uint32_t end) {
  PostingCursor& cursor = term.cursor;
  double* const sums = scratch_.sums.data();
  const double times = term.times();
  for (cursor.skip_to(begin); !cursor.at_end() && cursor.least_row() < end; cursor.next_block()) {
    const auto rows = cursor.rows();
    const uint32_t* scores = term.score_bits(scores_);
    const size_t first = term.first_from(begin);
    const bool is_inside = rows.back() < end;
    const size_t last = is_inside ? rows.size() : first + place_of(rows.subspan(first), end);
    if (times == 1) {
      for (size_t i = first; i < last; ++i) sums[rows[i] - begin] += std::bit_cast<float>(scores[i]);
    } else {
      for (size_t i = first; i < last; ++i) sums[rows[i] - begin] += times * std::bit_cast<float>(scores[i]);
    }
    if (num_touched_ <= most_touched_) {
      uint32_t* touched = scratch_.touched.data() + num_touched_;
      for (size_t i = first; i < last; ++i) *touched++ = rows[i] - begin;
    }
    num_touched_ += last - first;
    term.set_first(last);
    if (!is_inside) return;
  }
}

bool Bm25Walk::is_dense(const Bm25Term& term) const {
  return term.kept_list() >= 0 && DenseScores::is_dense(term.cursor.count(), std::ssize(scores_.lengths));
}

void Bm25Walk::keep_dense(Bm25Term& term) {
  Bm25Term whole = term;  // which stays at its first block, for when another list takes the place
  scratch_.dense.make(term.kept_list(), std::ssize(scores_.lengths), [&](std::span<float> scores) {
    for (; !whole.cursor.at_end(); whole.cursor.next_block()) {
      const auto rows = whole.cursor.rows();
      const uint32_t* bits = whole.score_bits(scores_);
      for (size_t i = 0; i < rows.size(); ++i) scores[rows[i]] = std::bit_cast<float>(bits[i]);
    }
  });
  counts_.blocks += whole.cursor.num_decoded();
}

// Adds all words up. Where the window has all that is left of a small index, those of many rows together.
void Bm25Walk::accumulate_all(uint32_t begin, uint32_t end) {
  auto& dense = scratch_.dense_lists;
  const bool is_whole = counts_.windows == 1 && end == scores_.lengths.size();
  if (is_whole) {
    int64_t num_postings = 0;
    for (Bm25Term* term : terms_) {
      num_postings += term->cursor.count();
      if (is_dense(*term) && scratch_.dense.find(term->kept_list()) == nullptr) keep_dense(*term);
    }
    // Then no list is needed of the places that are added to.
    if (static_cast<size_t>(num_postings) > most_touched_) num_touched_ = most_touched_ + 1;
  }
  for (Bm25Term* term : terms_) {
    const float* scores = is_whole && is_dense(*term) ? scratch_.dense.find(term->kept_list()) : nullptr;
    if (scores != nullptr)
      dense.push_back({scores + begin, term->times()});
    else
      accumulate(*term, begin, end);
  }
  if (dense.empty()) return;
  num_touched_ = std::max(num_touched_, most_touched_ + 1);
  scratch_.group_bests.resize(num_dense_groups(end - begin));
  add_dense(dense, std::span(scratch_.sums).first(end - begin), scratch_.group_bests.data());
}

// A score that k rows of the window reach, for when there is no threshold yet: that of the k-th of the best
// sums of groups. With it, few sums have to be ordered. 0 where rows may not be returned.
float Bm25Walk::reached_score(std::span<const double> sums, const Bm25Rows& rows) {
  const bool has_bests = !scratch_.dense_lists.empty();
  const auto num_groups = static_cast<int64_t>(has_bests ? num_dense_groups(sums.size())
                                                         : (sums.size() + kGroupOfSums - 1) / kGroupOfSums);
  const int64_t k = scratch_.best.k();
  if (scratch_.best.threshold() > 0 || num_groups < k || k == 0 || !rows.allowed.empty() ||
      rows.excluded >= 0)
    return 0;
  auto& best = scratch_.group_bests;
  if (!has_bests) {
    best.resize(static_cast<size_t>(num_groups));
    best_of_groups(sums, best.data());
  }
  double last = 0;
  if (num_groups <= kFewGroups) {
    last = kth_largest(best, k);
  } else {
    std::nth_element(best.begin(), best.begin() + (k - 1), best.end(), std::greater<>());
    last = best[static_cast<size_t>(k - 1)];
  }
  return std::signbit(last) ? 0 : value(last);
}

// Sums below this cannot be of the best, when the optional words add all they can and k rows are known to
// reach `threshold`. A little less than it must be, for what rounding to floats may add.
double Bm25Walk::least_sum(double threshold, size_t num_optional) const {
  if (!(threshold > 0)) return 0;
  return std::max(threshold * (1 - 0x1p-22) - scratch_.bound_sums[num_optional] - constant_, 0.0);
}

// Completes a row that the window's words propose.
void Bm25Walk::offer(uint32_t row, double sum, size_t num_optional, const Bm25Rows& rows) {
  if (!rows.contains(row)) return;
  ++counts_.candidates;
  const float threshold = scratch_.best.threshold();
  for (size_t left = num_optional; left > 0; --left) {
    if (value(sum + scratch_.bound_sums[left]) < threshold) return;
    sum += terms_[left - 1]->score_of(row, scores_).value_or(0);
  }
  scratch_.best.offer(value(sum), row);
}

// Looks all sums of the window over.
void Bm25Walk::select(uint32_t begin, uint32_t end, size_t num_optional, const Bm25Rows& rows) {
  const std::span<double> sums = std::span(scratch_.sums).first(end - begin);
  const float reached = reached_score(sums, rows);
  size_t at_once = std::max(scratch_.best.threshold(), reached) > 0 ? kSumsAtOnce : kFewSums;
  for (size_t at = 0, size = 0; at < sums.size(); at += size) {
    size = std::min(at_once, sums.size() - at);
    at_once = std::min(2 * at_once, kSumsAtOnce);
    const auto some = sums.subspan(at, size);
    const float threshold = std::max(scratch_.best.threshold(), reached);
    const int64_t num_found = take_sums(some, least_sum(threshold, num_optional), scratch_.found.data());
    for (const RowSum& found : std::span(scratch_.found).first(static_cast<size_t>(num_found)))
      offer(begin + static_cast<uint32_t>(at) + found.row, found.sum, num_optional, rows);
    scratch_.best.cut();
  }
}

// Looks the sums that were added to over. A place that was touched twice is untouched when it is met again.
void Bm25Walk::select_touched(uint32_t begin, size_t num_optional, const Bm25Rows& rows) {
  auto& found = scratch_.found;
  const std::span<const uint32_t> touched = std::span(scratch_.touched).first(num_touched_);
  // Look-ups go forwards only: with them, all at once.
  size_t at_once = num_optional > 0 ? touched.size() : scratch_.best.threshold() > 0 ? kSumsAtOnce : kFewSums;
  for (size_t at = 0, size = 0; at < touched.size(); at += size) {
    size = std::min(at_once, touched.size() - at);
    at_once = std::min(2 * at_once, kSumsAtOnce);
    const auto least = std::bit_cast<int64_t>(least_sum(scratch_.best.threshold(), num_optional));
    size_t num_found = 0;
    for (const uint32_t place : touched.subspan(at, size)) {
      const double sum = std::exchange(scratch_.sums[place], kUntouched);
      found[num_found] = {place, sum};
      num_found += std::bit_cast<int64_t>(sum) >= least ? 1 : 0;
    }
    const auto some = std::span(found).first(num_found);
    if (num_optional > 0) std::ranges::sort(some, {}, &RowSum::row);
    for (const RowSum& one : some) offer(begin + one.row, one.sum, num_optional, rows);
    scratch_.best.cut();
  }
}

std::span<const uint64_t> Bm25Walk::run(const Bm25Rows& rows, int64_t k, uint32_t window, bool skips) {
  const auto num_rows = static_cast<uint32_t>(scores_.lengths.size());
  scratch_.best.reset(std::min<int64_t>(k, num_rows));
  scratch_.sums.resize(std::max<size_t>(scratch_.sums.size(), std::min(window, num_rows)), kUntouched);
  most_touched_ = std::min(window, num_rows) / kPlacesPerTouched;
  scratch_.found.resize(std::max(kSumsAtOnce, most_touched_));
  scratch_.touched.resize(std::max<size_t>(scratch_.touched.size(), most_touched_ + kPostingBlock));
  for (uint32_t begin = 0, end = 0; end < num_rows && !scratch_.watch.is_over(); begin = end) {
    begin = rows.next(next_row(begin), num_rows);
    if (begin >= num_rows) break;
    end = num_rows - begin > window ? begin + window : num_rows;
    ++counts_.windows;
    size_t num_optional = skips ? choose_optional(end) : 0;
    num_touched_ = 0;
    scratch_.dense_lists.clear();
    if (num_optional == 0) {
      accumulate_all(begin, end);
    } else {
      for (Bm25Term* term : terms_.subspan(num_optional)) accumulate(*term, begin, end);
      if (num_touched_ * kRowsPerLookup > postings_before(end, num_optional)) {
        for (; num_optional > 0; --num_optional) accumulate(*terms_[num_optional - 1], begin, end);
      }
    }
    if (num_touched_ > 0) {
      if (num_touched_ < (end - begin) / kPlacesPerTouched)
        select_touched(begin, num_optional, rows);
      else
        select(begin, end, num_optional, rows);
    }
  }
  count_blocks();
  return scratch_.best.take();
}

std::span<const uint64_t> Bm25Walk::scan(const Bm25Rows& rows, int64_t k) {
  return run(rows, k, kScanWindow, false);
}

std::span<const uint64_t> Bm25Walk::max_score(const Bm25Rows& rows, int64_t k) {
  return run(rows, k, kSkipWindow, true);
}

std::span<const uint64_t> Bm25Walk::look_up(std::span<const uint32_t> rows, int64_t excluded, int64_t k) {
  scratch_.best.reset(std::min<int64_t>(k, std::ssize(rows)));
  for (const uint32_t row : rows) {
    if (scratch_.watch.is_over<16>()) break;
    if (row == excluded) continue;
    double sum = 0;
    bool has_word = false;
    for (Bm25Term* term : terms_) {
      const std::optional<double> score = term->score_of(row, scores_);
      has_word = has_word || score.has_value();
      sum += score.value_or(0);
    }
    if (!has_word) continue;
    ++counts_.candidates;
    scratch_.best.offer(value(sum), row);
  }
  count_blocks();
  return scratch_.best.take();
}

void Bm25Walk::count_blocks() {
  for (const Bm25Term* term : terms_) counts_.blocks += term->cursor.num_decoded();
}

}  // namespace whitney::search
