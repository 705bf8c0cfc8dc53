#include "bench/recall_curve.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bench/pairs.h"
#include "whitney/core/context.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/search/row_scan.h"

namespace whitney::bench {

Truth::Truth(const Matrix& base, const Matrix& queries, int64_t k, Metric metric,
             const std::vector<uint32_t>* allowed)
    : base_(base), queries_(queries), k_(k), metric_(metric) {
  const Context context;
  const Neighbors found = allowed == nullptr ? exact_search(queries, base, k, metric, context)
                                             : search::scan_rows(queries, base, *allowed, k, metric, context);
  for (int64_t q = 0; q < queries.rows(); ++q) {
    int64_t count = 0;
    double last = 0;
    for (int64_t i = 0; i < k; ++i) {
      const int64_t row = found.rows[static_cast<size_t>(q * k + i)];
      if (row < 0) break;
      last = std::max(count++ == 0 ? distance(q, row) : last, distance(q, row));
    }
    num_due_.push_back(count);
    last_.push_back(last);
  }
}

double Truth::distance(int64_t query, int64_t row) const {
  const auto a = queries_.row<float>(query), b = base_.row<float>(row);
  double dot = 0, squares = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    dot += double{a[j]} * b[j];
    squares += (double{a[j]} - b[j]) * (double{a[j]} - b[j]);
  }
  return metric_ == Metric::kL2 ? squares : 1 - dot;
}

double Truth::recall(const std::vector<int64_t>& rows) const {
  double sum = 0;
  for (size_t q = 0; q < last_.size(); ++q) {
    int64_t right = 0;
    for (int64_t i = 0; i < k_; ++i) {
      const int64_t row = rows[q * static_cast<size_t>(k_) + static_cast<size_t>(i)];
      // A part in a million covers the rounding of float32 distances.
      const double limit = last_[q] + 1e-6 * std::abs(last_[q]);
      right += row >= 0 && distance(static_cast<int64_t>(q), row) <= limit;
    }
    sum += num_due_[q] == 0
               ? 1
               : static_cast<double>(std::min(right, num_due_[q])) / static_cast<double>(num_due_[q]);
  }
  return sum / static_cast<double>(last_.size());
}

std::optional<double> rate_at(const Curve& curve, double recall, size_t round) {
  for (size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall < recall) continue;
    const double rate = curve[i].rates[round];
    if (i == 0 || curve[i].recall == curve[i - 1].recall) return rate;
    const double before = curve[i - 1].rates[round];
    const double share = (recall - curve[i - 1].recall) / (curve[i].recall - curve[i - 1].recall);
    return std::exp(std::log(before) * (1 - share) + std::log(rate) * share);
  }
  return std::nullopt;
}

std::string ratio_text(const Curve& ours, const Curve& peer, double recall) {
  if (ours.empty() || peer.empty()) return "-";
  std::vector<double> ratios;
  for (size_t round = 0; round < ours[0].rates.size(); ++round) {
    const auto a = rate_at(ours, recall, round), b = rate_at(peer, recall, round);
    if (!a || !b) return "not reached";
    ratios.push_back(*a / *b);
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  char text[64];
  std::snprintf(text, sizeof text, "%.2f (%.2f .. %.2f)", median(ratios), *low, *high);
  return text;
}

}  // namespace whitney::bench
