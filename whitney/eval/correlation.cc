#include "whitney/eval/correlation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace whitney::eval {

double pearson(std::span<const double> a, std::span<const double> b, std::span<const int64_t> times) {
  double count = 0, sum_a = 0, sum_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto t = static_cast<double>(times[i]);
    count += t;
    sum_a += t * a[i];
    sum_b += t * b[i];
  }
  const double mean_a = sum_a / count, mean_b = sum_b / count;
  double products = 0, squares_a = 0, squares_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const auto t = static_cast<double>(times[i]);
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    products += t * x * y;
    squares_a += t * x * x;
    squares_b += t * y * y;
  }
  if (!(squares_a > 0) || !(squares_b > 0)) return std::numeric_limits<double>::quiet_NaN();
  // The root of each alone: their product may be too small for a double.
  return std::clamp(products / std::sqrt(squares_a) / std::sqrt(squares_b), -1.0, 1.0);
}

double pearson(std::span<const double> a, std::span<const double> b) {
  return pearson(a, b, std::vector<int64_t>(a.size(), 1));
}

ValueRanks::ValueRanks(std::span<const double> values) : order_(values.size()) {
  std::iota(order_.begin(), order_.end(), 0);
  const auto value = [&](int64_t row) { return values[static_cast<size_t>(row)]; };
  std::ranges::sort(order_,
                    [&](int64_t a, int64_t b) { return value(a) != value(b) ? value(a) < value(b) : a < b; });
  for (int64_t place = 0; place < std::ssize(order_); ++place) {
    const auto i = static_cast<size_t>(place);
    if (place == 0 || value(order_[i]) != value(order_[i - 1])) run_starts_.push_back(place);
  }
  run_starts_.push_back(std::ssize(order_));
}

void ValueRanks::ranks(std::span<const int64_t> times, std::span<double> out) const {
  int64_t before = 0;
  for (size_t run = 0; run + 1 < run_starts_.size(); ++run) {
    const auto rows = std::span(order_).subspan(static_cast<size_t>(run_starts_[run]),
                                                static_cast<size_t>(run_starts_[run + 1] - run_starts_[run]));
    int64_t count = 0;
    for (const int64_t row : rows) count += times[static_cast<size_t>(row)];
    // Places before + 1 to before + count share their mean.
    const double rank = static_cast<double>(before) + (static_cast<double>(count) + 1) / 2;
    for (const int64_t row : rows) out[static_cast<size_t>(row)] = rank;
    before += count;
  }
}

std::vector<double> ValueRanks::ranks() const {
  std::vector<double> result(order_.size());
  ranks(std::vector<int64_t>(order_.size(), 1), result);
  return result;
}

double spearman(std::span<const double> a, std::span<const double> b) {
  return pearson(ValueRanks(a).ranks(), ValueRanks(b).ranks());
}

}  // namespace whitney::eval
