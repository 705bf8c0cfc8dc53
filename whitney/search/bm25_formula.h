#pragma once

#include <cmath>
#include <cstdint>

#include "whitney/search/bm25.h"

namespace whitney::search {

/// The formulas of BM25 brought to one: a word with weight w, that stands t times in a text of length l, adds
/// w ((t + d) / (t + d + K) - o), where K = k1 L, d = delta L (bm25l; else 0), L = 1 - b + b l / average, and
/// o takes away what bm25l gives to texts without the word. That constant is added to every text alike.
///
/// What a word adds is rounded to a multiple of 2^-32 and to a float32, and is not negative. Sums of such
/// numbers as doubles are exact below 2^20, so that a score is the same in whatever order its words are
/// added.
class Bm25Formula {
 public:
  /// d = shift_base + shift_slope l, K = base + slope l, o = offset.
  struct Terms {
    double base = 0, slope = 0, shift_base = 0, shift_slope = 0, offset = 0;
  };
  // In [2^20, 2^21) doubles are 2^-32 apart: adding this and taking it away again rounds.
  static constexpr double kGrid = 1.5 * 1048576;

  Bm25Formula(const Bm25Options& options, int64_t num_rows, double average_length);

  /// The weight w of a word that stands in `count` of the texts.
  double weight(int64_t count) const { return inverse_frequency(count) * factor_; }
  /// What a word that stands in `count` of the texts adds to each, whether it stands there or not.
  double constant(int64_t count) const { return absent_ == 0 ? 0 : inverse_frequency(count) * absent_; }
  float score(double weight, uint32_t count, uint32_t length) const {
    return score_of(terms_, weight, count, length);
  }
  static float score_of(const Terms& terms, double weight, uint32_t count, uint32_t length) {
    const double l = length;
    const double t = count + (terms.shift_base + terms.shift_slope * l);
    const double exact = weight * (t / (t + (terms.base + terms.slope * l)) - terms.offset);
    return static_cast<float>((exact + kGrid) - kGrid);
  }
  const Terms& terms() const { return terms_; }

 private:
  double inverse_frequency(int64_t count) const;

  Bm25Variant variant_;
  double num_rows_;
  Terms terms_;
  double factor_ = 1, absent_ = 0;
};

}  // namespace whitney::search
