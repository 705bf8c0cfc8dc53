#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"

namespace whitney::eval {

/// A confidence interval; both ends NaN where there is none.
struct Interval {
  double low = 0, high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// Options of bootstrap intervals.
struct BootstrapOptions {
  int num_resamples = 1000;
  double confidence = 0.95;
  void fields(auto&& field) {
    field("num_resamples", num_resamples, Range{0, 1e6},
          "Bootstrap resamples behind the confidence intervals; 0: no intervals");
    field("confidence", confidence, Range{0.5, 0.9999}, "Share of the resamples that an interval holds");
  }
};

/// Computes statistics of one resample: `units` are numbers of 0..n-1, n of them drawn with repetition or
/// half as many without; one value goes to each place of `values`. Called from several threads at once.
using ResampleStatistics = std::function<void(std::span<const int64_t> units, std::span<double> values)>;

/// Gives percentile bootstrap intervals (Efron 1979) of statistics of n independent units: queries, pairs,
/// documents. The ends are quantiles of the resamples' values, interpolated linearly; values that are NaN
/// (a correlation of a constant) are left out. Resample r is a function of (seed, r, n) only, so that two
/// systems measured on the same units are compared on the same resamples, and the result is the same for any
/// number of threads. Without units or resamples the intervals are NaN. O(num_resamples n) besides the
/// statistics.
WHITNEY_API std::vector<Interval> bootstrap_intervals(const Context& context, int64_t num_units,
                                                      int64_t num_statistics,
                                                      const ResampleStatistics& statistics,
                                                      const BootstrapOptions& options = {});

/// The same for one statistic.
WHITNEY_API Interval
bootstrap_interval(const Context& context, int64_t num_units,
                   const std::function<double(std::span<const int64_t> units)>& statistic,
                   const BootstrapOptions& options = {});

/// The same for the mean of one value per unit.
WHITNEY_API Interval bootstrap_mean_interval(const Context& context, std::span<const double> values,
                                             const BootstrapOptions& options = {});

/// Gives intervals by half samples for statistics that units drawn twice mislead (agreement of partitions: a
/// point and its copy are a pair that always agrees, so that all resamples score above the estimate).
/// Resamples are floor(n / 2) units without repetition (Politis, Romano 1994). With m of n units the values
/// scatter about their mean as the estimate does about its own, but for the factor sqrt(m / (n - m)); the
/// interval is the estimate less the quantiles of these deviations. Deviations from the mean, not from the
/// estimate: what a statistic of fewer points has too much (chance agreement) is no error of the estimate. So
/// the interval holds the estimate, and covers the statistic's expectation for n units. `estimates`: the
/// values of all units, as many as statistics. NaN without resamples or with fewer than two units.
WHITNEY_API std::vector<Interval> half_sample_intervals(const Context& context, int64_t num_units,
                                                        std::span<const double> estimates,
                                                        const ResampleStatistics& statistics,
                                                        const BootstrapOptions& options = {});

/// Adds a figure with its interval, if there is one.
WHITNEY_API void add_figure(Report::Row& row, const std::string& name, std::string_view unit, double value,
                            const Interval& interval);

}  // namespace whitney::eval
