#include "whitney/eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

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

/// Fills `units` by the random numbers of one resample.
using Draw = void (*)(RandomStream& random, int64_t num_units, std::vector<int64_t>& units);

void draw_with_repetition(RandomStream& random, int64_t num_units, std::vector<int64_t>& units) {
  units.resize(static_cast<size_t>(num_units));
  for (int64_t& unit : units) unit = static_cast<int64_t>(random.below(static_cast<uint64_t>(num_units)));
}

void draw_half(RandomStream& random, int64_t num_units, std::vector<int64_t>& units) {
  units.resize(static_cast<size_t>(num_units));
  std::iota(units.begin(), units.end(), 0);
  const size_t half = units.size() / 2;
  for (size_t i = 0; i < half; ++i) std::swap(units[i], units[i + random.below(units.size() - i)]);
  units.resize(half);
}

/// The values of each statistic in all resamples.
std::vector<std::vector<double>> resampled(const Context& context, int64_t num_units, int64_t num_statistics,
                                           std::string_view purpose, Draw draw,
                                           const ResampleStatistics& statistics, int num_resamples) {
  const auto width = static_cast<size_t>(num_statistics);
  std::vector<double> values(static_cast<size_t>(num_resamples) * width);
  std::vector<std::vector<int64_t>> scratch(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, num_resamples, [&](int worker, int64_t resample) {
    std::vector<int64_t>& units = scratch[static_cast<size_t>(worker)];
    RandomStream random(context.seed, purpose, static_cast<uint64_t>(resample));
    draw(random, num_units, units);
    statistics(units, std::span(values).subspan(static_cast<size_t>(resample) * width, width));
  });
  std::vector<std::vector<double>> of_statistics(width);
  for (size_t place = 0; place < values.size(); ++place)
    of_statistics[place % width].push_back(values[place]);
  return of_statistics;
}

}  // namespace

std::vector<Interval> bootstrap_intervals(const Context& context, int64_t num_units, int64_t num_statistics,
                                          const ResampleStatistics& statistics,
                                          const BootstrapOptions& options) {
  if (num_units == 0 || options.num_resamples == 0)
    return std::vector<Interval>(static_cast<size_t>(num_statistics), {kNaN, kNaN});
  std::vector<Interval> intervals;
  for (std::vector<double>& values : resampled(context, num_units, num_statistics, "bootstrap",
                                               draw_with_repetition, statistics, options.num_resamples))
    intervals.push_back(interval_of(std::move(values), options.confidence));
  return intervals;
}

std::vector<Interval> half_sample_intervals(const Context& context, int64_t num_units,
                                            std::span<const double> estimates,
                                            const ResampleStatistics& statistics,
                                            const BootstrapOptions& options) {
  std::vector<Interval> intervals(estimates.size(), {kNaN, kNaN});
  if (num_units < 2 || options.num_resamples == 0) return intervals;
  const int64_t half = num_units / 2;
  const double scale = std::sqrt(static_cast<double>(half) / static_cast<double>(num_units - half));
  const auto values = resampled(context, num_units, std::ssize(estimates), "half samples", draw_half,
                                statistics, options.num_resamples);
  for (size_t s = 0; s < estimates.size(); ++s) {
    const double mean =
        std::accumulate(values[s].begin(), values[s].end(), 0.0) / static_cast<double>(values[s].size());
    const Interval drawn = interval_of(values[s], options.confidence);
    // A skewed distribution of few values may lie on one side of its mean.
    intervals[s] = {estimates[s] - scale * std::max(0.0, drawn.high - mean),
                    estimates[s] - scale * std::min(0.0, drawn.low - mean)};
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
