#include "whitney/search/bm25_formula.h"

#include <algorithm>

namespace whitney::search {

Bm25Formula::Bm25Formula(const Bm25Options& options, int64_t num_rows, double average_length)
    : variant_(options.variant), num_rows_(static_cast<double>(num_rows)) {
  const double per_word = average_length > 0 ? options.b / average_length : 0;
  terms_.base = options.k1 * (1 - options.b);
  terms_.slope = options.k1 * per_word;
  const bool has_factor = variant_ != Bm25Variant::kRobertson && variant_ != Bm25Variant::kLucene;
  if (has_factor) factor_ = options.k1 + 1;
  if (variant_ == Bm25Variant::kBm25plus) absent_ = options.delta;
  if (variant_ == Bm25Variant::kBm25l && options.delta > 0) {
    terms_.shift_base = options.delta * (1 - options.b);
    terms_.shift_slope = options.delta * per_word;
    terms_.offset = options.delta / (options.k1 + options.delta);
    absent_ = factor_ * terms_.offset;
  }
}

double Bm25Formula::inverse_frequency(int64_t count) const {
  const double n = num_rows_, c = static_cast<double>(count);
  switch (variant_) {
    case Bm25Variant::kRobertson:
      return std::log(std::max((n - c + 0.5) / (c + 0.5), 1.0));
    case Bm25Variant::kLucene:
      return std::log(1 + (n - c + 0.5) / (c + 0.5));
    case Bm25Variant::kAtire:
      return std::log(n / c);
    case Bm25Variant::kBm25l:
      return std::log((n + 1) / (c + 0.5));
    case Bm25Variant::kBm25plus:
      return std::log((n + 1) / c);
  }
  return 0;
}

}  // namespace whitney::search
