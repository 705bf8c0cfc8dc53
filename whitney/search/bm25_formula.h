#pragma once

#include <cmath>
#include <cstdint>

#include "whitney/search/bm25.h"

namespace whitney::search {

/// The formulas of BM25 brought to one: a word with weight w, that stands t times in a text of length l, adds
/// w ((t + d) / (t + d + K) - o), where K = k1 L, d = delta L (bm25l; else 0), L = 1 - b + b l / average, and
/// o takes away what bm25l gives to texts without the word. That constant is added to every text alike.
///
/// What a word adds is rounded to a multiple of 2^-32. Sums of such numbers are exact below 2^20, so that a
/// score is the same in whatever order its words are added.
class Bm25Formula {
 public:
  Bm25Formula(const Bm25Options& options, int64_t num_rows, double average_length);

  /// The weight w of a word that stands in `count` of the texts.
  double weight(int64_t count) const { return inverse_frequency(count) * factor_; }
  /// What a word of this weight adds to each text, whether it stands there or not.
  double constant(int64_t count) const { return inverse_frequency(count) * absent_; }
  double score(double weight, uint32_t count, uint32_t length) const {
    const double l = length;
    const double t = count + (shift_base_ + shift_slope_ * l);
    return on_grid(weight * (t / (t + (base_ + slope_ * l)) - offset_));
  }

 private:
  double inverse_frequency(int64_t count) const;
  // In [2^20, 2^21) doubles are 2^-32 apart.
  static double on_grid(double x) {
    constexpr double kGrid = 1.5 * 1048576;
    return (x + kGrid) - kGrid;
  }

  Bm25Variant variant_;
  double num_rows_, base_, slope_, shift_base_ = 0, shift_slope_ = 0;
  double factor_ = 1, offset_ = 0, absent_ = 0;
};

/// A float that is not below a score: what a block's best score is kept as.
float upper_float(double score);

}  // namespace whitney::search
