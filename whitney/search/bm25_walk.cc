#include "whitney/search/bm25_walk.h"

#include <algorithm>
#include <bit>

namespace whitney::search {
namespace {

// The first allowed row from `row` on.
uint32_t next_allowed(std::span<const uint64_t> allowed, uint32_t row, uint32_t num_rows) {
  if (allowed.empty() || row >= num_rows) return row;
  size_t word = row / 64;
  uint64_t bits = allowed[word] >> (row % 64) << (row % 64);
  while (bits == 0 && ++word < allowed.size()) bits = allowed[word];
  if (bits == 0) return num_rows;
  return static_cast<uint32_t>(64 * word) + static_cast<uint32_t>(std::countr_zero(bits));
}

}  // namespace

std::span<const double> Bm25Term::scores(const Bm25Formula& formula, std::span<const uint32_t> lengths) {
  const auto rows = cursor.rows();
  if (scored_count_ != cursor.num_decoded()) {
    const auto counts = cursor.counts();
    for (size_t i = 0; i < rows.size(); ++i)
      scores_[i] = times_ * formula.score(weight_, counts[i], lengths[rows[i]]);
    scored_count_ = cursor.num_decoded();
  }
  return {scores_.data(), rows.size()};
}

std::optional<double> Bm25Term::score_of(uint32_t row, const Bm25Formula& formula,
                                         std::span<const uint32_t> lengths) {
  cursor.skip_to(row);
  if (cursor.at_end() || cursor.least_row() > row) return std::nullopt;
  const auto rows = cursor.rows();
  const auto found = std::ranges::lower_bound(rows, row);
  if (found == rows.end() || *found != row) return std::nullopt;
  return times_ * formula.score(weight_, cursor.count_of(found - rows.begin()), lengths[row]);
}

Bm25Walk::Bm25Walk(const Bm25Formula& formula, std::span<const uint32_t> lengths,
                   std::vector<Bm25Term>& terms, double constant, bool exact)
    : formula_(formula), lengths_(lengths), constant_(constant), exact_(exact) {
  for (Bm25Term& term : terms) terms_.push_back(&term);
  bound_sums_.resize(terms.size() + 1);
}

// The first row, from `from` on, that a word may stand in.
uint32_t Bm25Walk::next_row(uint32_t from) {
  auto next = static_cast<uint32_t>(lengths_.size());
  for (Bm25Term* term : terms_) {
    term->cursor.skip_to(from);
    if (!term->cursor.at_end()) next = std::min(next, std::max(from, term->cursor.least_row()));
  }
  return next;
}

// Sorts the words by what they add at most to rows before `end`; returns how many of the first together
// cannot lift a row into the best.
size_t Bm25Walk::choose_optional(uint32_t end) {
  ranked_.clear();
  for (Bm25Term* term : terms_) {
    const bool is_here = !term->cursor.at_end() && term->cursor.least_row() < end;
    ranked_.emplace_back(is_here ? term->best_before(end) : 0, term);
  }
  std::ranges::sort(ranked_, {}, [](const auto& entry) { return entry.first; });
  for (size_t i = 0; i < ranked_.size(); ++i) {
    terms_[i] = ranked_[i].second;
    bound_sums_[i + 1] = bound_sums_[i] + ranked_[i].first;
  }
  size_t num_optional = 0;
  while (num_optional < terms_.size() && !(value(bound_sums_[num_optional + 1]) > threshold_)) ++num_optional;
  return num_optional;
}

void Bm25Walk::accumulate(Bm25Term& term, uint32_t begin, uint32_t end) {
  for (term.cursor.skip_to(begin); !term.cursor.at_end() && term.cursor.least_row() < end;
       term.cursor.next_block()) {
    const auto rows = term.cursor.rows();
    const auto scores = term.scores(formula_, lengths_);
    auto i =
        static_cast<size_t>(rows.front() >= begin ? 0 : std::ranges::lower_bound(rows, begin) - rows.begin());
    for (; i < rows.size() && rows[i] < end; ++i) {
      const uint32_t at = rows[i] - begin;
      sums_[at] += scores[i];
      seen_[at / 64] |= uint64_t{1} << (at % 64);
    }
    if (i < rows.size()) return;
  }
}

// Completes the rows that the window's words propose, and keeps the best.
void Bm25Walk::offer(uint32_t begin, size_t num_optional, const Bm25Rows& rows, TopK& best) {
  for (size_t word = 0; word < seen_.size(); ++word) {
    for (uint64_t bits = std::exchange(seen_[word], 0); bits != 0; bits &= bits - 1) {
      const auto at = static_cast<uint32_t>(64 * word) + static_cast<uint32_t>(std::countr_zero(bits));
      double sum = std::exchange(sums_[at], 0);
      const uint32_t row = begin + at;
      if (!(value(sum + bound_sums_[num_optional]) > threshold_)) continue;
      if (!rows.allowed.empty() && (rows.allowed[row / 64] >> (row % 64) & 1) == 0) continue;
      if (row == rows.excluded) continue;
      ++counts_.candidates;
      size_t left = num_optional;
      while (left > 0 && value(sum + bound_sums_[left]) > threshold_)
        sum += terms_[--left]->score_of(row, formula_, lengths_).value_or(0);
      if (left > 0 || !(value(sum) > threshold_)) continue;
      best.push(-value(sum), row);
      threshold_ = -best.bound();
    }
  }
}

std::vector<TopK::Entry> Bm25Walk::run(const Bm25Rows& rows, int64_t k) {
  TopK best(k);
  threshold_ = -best.bound();
  const auto num_rows = static_cast<uint32_t>(lengths_.size());
  uint32_t begin = 0;
  while ((begin = next_allowed(rows.allowed, next_row(begin), num_rows)) < num_rows) {
    const uint32_t end = num_rows - begin > kWindow ? begin + kWindow : num_rows;
    ++counts_.windows;
    const size_t num_optional = exact_ ? 0 : choose_optional(end);
    if (num_optional < terms_.size()) {
      for (size_t i = num_optional; i < terms_.size(); ++i) accumulate(*terms_[i], begin, end);
      offer(begin, num_optional, rows, best);
    }
    begin = end;
  }
  count_blocks();
  return best.take();
}

std::vector<TopK::Entry> Bm25Walk::run_among(std::span<const uint32_t> rows, int64_t excluded, int64_t k) {
  TopK best(k);
  for (const uint32_t row : rows) {
    if (row == excluded) continue;
    double sum = 0;
    bool has_word = false;
    for (Bm25Term* term : terms_) {
      const std::optional<double> score = term->score_of(row, formula_, lengths_);
      has_word = has_word || score.has_value();
      sum += score.value_or(0);
    }
    if (!has_word) continue;
    ++counts_.candidates;
    best.push(-value(sum), row);
  }
  count_blocks();
  return best.take();
}

void Bm25Walk::count_blocks() {
  for (const Bm25Term* term : terms_) counts_.blocks += term->cursor.num_decoded();
}

}  // namespace whitney::search
