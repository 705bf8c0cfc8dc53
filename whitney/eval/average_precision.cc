#include "whitney/eval/average_precision.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "whitney/core/error.h"

namespace whitney::eval {

AveragePrecision::AveragePrecision(std::span<const float> scores, std::span<const uint8_t> relevant) {
  WHITNEY_CHECK(scores.size() == relevant.size(), "scores and relevances of rows");
  std::vector<uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  ranking_.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool ends = i + 1 == order.size() || scores[order[i + 1]] != scores[order[i]];
    ranking_.push_back({order[i], relevant[order[i]] != 0, ends});
  }
}

// With R relevant rows in all and, down to a score, r relevant of n: sum of (r - r before) / R * r / n.
double AveragePrecision::value(std::span<const int64_t> weights) const {
  int64_t all = 0, found = 0, found_before = 0;
  double sum = 0;
  for (const Ranked& ranked : ranking_) {
    const int64_t weight = weights[ranked.row];
    all += weight;
    if (ranked.relevant) found += weight;
    if (!ranked.ends_score || found == found_before) continue;
    sum += static_cast<double>(found - found_before) * static_cast<double>(found) / static_cast<double>(all);
    found_before = found;
  }
  return found == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(found);
}

double AveragePrecision::value() const { return value(std::vector<int64_t>(ranking_.size(), 1)); }

}  // namespace whitney::eval
