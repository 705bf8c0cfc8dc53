#include "whitney/eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "whitney/core/parallel.h"
#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// sorted: not empty. Between the two neighbours of place share * (n - 1), as numpy's default.
double quantile(std::span<const double> sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval interval_of(std::vector<double> values, double confidence) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return {kNaN, kNaN};
  std::ranges::sort(values);
  return {quantile(values, (1 - confidence) / 2), quantile(values, (1 + confidence) / 2)};
}

}  // namespace

std::vector<Interval> bootstrap_intervals(const Context& context, int64_t num_units, int64_t num_statistics,
                                          const ResampleStatistics& statistics,
                                          const BootstrapOptions& options) {
  const auto width = static_cast<size_t>(num_statistics);
  if (num_units == 0 || options.num_resamples == 0) return std::vector<Interval>(width, {kNaN, kNaN});
  std::vector<double> values(static_cast<size_t>(options.num_resamples) * width);
  std::vector<std::vector<int64_t>> scratch(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, options.num_resamples, [&](int worker, int64_t resample) {
    std::vector<int64_t>& units = scratch[static_cast<size_t>(worker)];
    units.resize(static_cast<size_t>(num_units));
    RandomStream random(context.seed, "bootstrap", static_cast<uint64_t>(resample));
    for (int64_t& unit : units) unit = static_cast<int64_t>(random.below(static_cast<uint64_t>(num_units)));
    statistics(units, std::span(values).subspan(static_cast<size_t>(resample) * width, width));
  });
  std::vector<Interval> intervals;
  for (size_t s = 0; s < width; ++s) {
    std::vector<double> own;
    for (size_t place = s; place < values.size(); place += width) own.push_back(values[place]);
    intervals.push_back(interval_of(std::move(own), options.confidence));
  }
  return intervals;
}

Interval bootstrap_interval(const Context& context, int64_t num_units,
                            const std::function<double(std::span<const int64_t> units)>& statistic,
                            const BootstrapOptions& options) {
  return bootstrap_intervals(
      context, num_units, 1,
      [&](std::span<const int64_t> units, std::span<double> values) { values[0] = statistic(units); },
      options)[0];
}

Interval bootstrap_mean_interval(const Context& context, std::span<const double> values,
                                 const BootstrapOptions& options) {
  return bootstrap_interval(
      context, std::ssize(values),
      [&](std::span<const int64_t> units) {
        double sum = 0;
        for (const int64_t unit : units) sum += values[static_cast<size_t>(unit)];
        return sum / static_cast<double>(units.size());
      },
      options);
}

void add_figure(Report::Row& row, const std::string& name, std::string_view unit, double value,
                const Interval& interval) {
  Report::Figure& figure = row.figures.emplace_back();
  figure.name = name;
  figure.unit = unit;
  figure.value = value;
  if (std::isnan(interval.low)) return;
  figure.low = interval.low;
  figure.high = interval.high;
}

}  // namespace whitney::eval
