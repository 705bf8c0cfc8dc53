#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "whitney/search/bm25_kernels.h"

namespace whitney::search {

/// Keeps, for lists that have many of an index's rows, what they add to each row, for the searches of one
/// thread: such lists are added up row by row, several at once, in a fraction of the time that scattered adds
/// take. Rows without the word hold kUntouched, which changes no sum.
class DenseScores {
 public:
  /// An index of more rows keeps none: its sums are cut in windows.
  static constexpr int64_t kMostRows = 1 << 13;

  /// Whether a list of `count` rows is better kept so. (With AVX-512 eight sums take about as long as one
  /// that is added to by itself.)
  static bool is_dense(int64_t count, int64_t num_rows) {
    return num_rows <= kMostRows && count * kRowsPerPosting >= num_rows;
  }

  /// Scores of a list by row, null when it is not kept. Valid until the next make.
  const float* find(int64_t list) const {
    if (lists_.empty()) return nullptr;
    const size_t first = first_place_of(list);
    for (size_t place = first; place < first + kWays; ++place) {
      if (lists_[place] == list) return scores_.data() + place * num_rows_;
    }
    return nullptr;
  }

  /// Keeps a list that is not kept: fill(scores) gets a value per row, all kUntouched. Another list may go.
  template <class Fill>
  void make(int64_t list, int64_t num_rows, const Fill& fill) {
    if (lists_.empty()) {
      num_rows_ = static_cast<size_t>(num_rows);
      const size_t num_sets = std::min(std::bit_floor(kMostScores / num_rows_ / kWays), kMostSets);
      next_.assign(num_sets, 0);
      lists_.assign(kWays * num_sets, -1);
      scores_.resize(lists_.size() * num_rows_);
    }
    const size_t first = first_place_of(list), place = first + next_[first / kWays];
    const auto scores = std::span(scores_).subspan(place * num_rows_, num_rows_);
    lists_[place] = -1;
    std::ranges::fill(scores, static_cast<float>(kUntouched));
    fill(scores);
    lists_[place] = list;
    next_[first / kWays] = static_cast<uint8_t>((place - first + 1) % kWays);
  }

 private:
  static constexpr int64_t kRowsPerPosting = 8;
  static constexpr size_t kMostScores = 1 << 19, kMostSets = 64;  // 2 MB at most
  // Places that a list may take. (With two, lists that fell together were made anew again and again.)
  static constexpr size_t kWays = 8;

  size_t first_place_of(int64_t list) const {
    return (static_cast<size_t>(list) & (next_.size() - 1)) * kWays;
  }

  size_t num_rows_ = 0;
  std::vector<int64_t> lists_;
  std::vector<float> scores_;
  // Which of a set's places is given away next.
  std::vector<uint8_t> next_;
};

}  // namespace whitney::search
