#include "whitney/eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <numeric>
#include <set>
#include <vector>

#include "whitney/core/random.h"

namespace whitney::eval {
namespace {

Context with_threads(int threads, uint64_t seed = 42) {
  Context context;
  context.threads = threads;
  context.seed = seed;
  return context;
}

std::vector<double> normal_values(uint64_t seed, int64_t n) {
  RandomStream random(seed, "bootstrap test", 0);
  std::vector<double> values(static_cast<size_t>(n));
  for (double& value : values) value = random.normal();
  return values;
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(Bootstrap, GivesTheBinomialQuantilesOfAShare) {
  // 100 units, 30 of them 1: a resample's mean is Binomial(100, .3) / 100, whose 2.5 % and 97.5 % quantiles
  // are 21 and 39. A quantile of 20,000 resamples misses by at most one step.
  std::vector<double> values(100, 0.0);
  for (size_t i = 0; i < 30; ++i) values[i] = 1;
  const Interval interval = bootstrap_mean_interval(with_threads(0), values, {.num_resamples = 20000});
  EXPECT_NEAR(interval.low, 0.21, 0.0101);
  EXPECT_NEAR(interval.high, 0.39, 0.0101);
}

TEST(Bootstrap, HoldsThePointEstimateAndNarrowsWithTheRootOfUnits) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<double> few = normal_values(seed, 100), many = normal_values(seed, 1600);
    const Interval wide = bootstrap_mean_interval(with_threads(0), few);
    const Interval narrow = bootstrap_mean_interval(with_threads(0), many);
    EXPECT_LT(wide.low, mean(few));
    EXPECT_GT(wide.high, mean(few));
    EXPECT_NEAR((wide.high - wide.low) / (narrow.high - narrow.low), 4, 1.5);
  }
}

/// Of the mean, 0, of some 60 normal values: the percentile interval covers some 94 %; the deviation of 400
/// trials is 1.2 %.
template <class IntervalOf>
void expect_covered(const IntervalOf& interval_of) {
  int covered = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Interval interval = interval_of(seed);
    covered += int{interval.low <= 0 && interval.high >= 0};
  }
  EXPECT_GT(covered, 0.88 * 400);
  EXPECT_LT(covered, 0.99 * 400);
}

TEST(Bootstrap, CoversTheTruthInNearly95OfAHundredSamples) {
  expect_covered([](uint64_t seed) {
    return bootstrap_mean_interval(with_threads(0), normal_values(seed, 60), {.num_resamples = 400});
  });
}

TEST(Bootstrap, IsTheSameForAnyNumberOfThreadsAndAnotherForAnotherSeed) {
  const std::vector<double> values = normal_values(7, 313);
  const Interval one = bootstrap_mean_interval(with_threads(1), values);
  EXPECT_EQ(bootstrap_mean_interval(with_threads(2), values), one);
  EXPECT_EQ(bootstrap_mean_interval(with_threads(5), values), one);
  EXPECT_NE(bootstrap_mean_interval(with_threads(1, 43), values), one);
}

TEST(Bootstrap, GivesAllStatisticsOfTheSameResamples) {
  const std::vector<double> values = normal_values(7, 50);
  const auto mean_and_twice = [&](std::span<const int64_t> units, std::span<double> out) {
    double sum = 0;
    for (const int64_t unit : units) sum += values[static_cast<size_t>(unit)];
    out[0] = sum / 50;
    out[1] = 2 * out[0];
  };
  const auto intervals = bootstrap_intervals(with_threads(0), 50, 2, mean_and_twice);
  EXPECT_EQ(intervals[0], bootstrap_mean_interval(with_threads(0), values));
  EXPECT_DOUBLE_EQ(intervals[1].low, 2 * intervals[0].low);
}

double mean_of(const std::vector<double>& values, std::span<const int64_t> units) {
  double sum = 0;
  for (const int64_t unit : units) sum += values[static_cast<size_t>(unit)];
  return sum / static_cast<double>(units.size());
}

Interval half_sample_mean(const Context& context, const std::vector<double>& values,
                          const BootstrapOptions& options = {}) {
  const double estimate = mean(values);
  return half_sample_intervals(
      context, std::ssize(values), std::span(&estimate, 1),
      [&](std::span<const int64_t> units, std::span<double> out) { out[0] = mean_of(values, units); },
      options)[0];
}

TEST(HalfSamples, DrawHalfTheUnitsEachOnceAndAllOfThemEqually) {
  std::vector<int64_t> times(9);
  std::mutex counting;
  const double nothing = 0;
  half_sample_intervals(with_threads(2), 9, std::span(&nothing, 1),
                        [&](std::span<const int64_t> units, std::span<double> out) {
                          EXPECT_EQ(units.size(), 4U);
                          EXPECT_EQ(std::set<int64_t>(units.begin(), units.end()).size(), 4U);
                          out[0] = 0;
                          const std::scoped_lock lock(counting);
                          for (const int64_t unit : units) ++times[static_cast<size_t>(unit)];
                        },
                        {.num_resamples = 9000});
  // 4000 of each, deviation sqrt(9000 4/9 5/9) = 47.
  for (const int64_t count : times) EXPECT_NEAR(static_cast<double>(count), 4000, 5 * 47);
}

TEST(HalfSamples, CoverTheTruthInNearly95OfAHundredSamplesAsTheBootstrapDoes) {
  expect_covered([](uint64_t seed) {
    return half_sample_mean(with_threads(0), normal_values(seed, 61), {.num_resamples = 400});
  });
}

TEST(HalfSamples, AreTheSameForAnyNumberOfThreads) {
  const std::vector<double> values = normal_values(7, 313);
  const Interval one = half_sample_mean(with_threads(1), values);
  EXPECT_EQ(half_sample_mean(with_threads(2), values), one);
  EXPECT_EQ(half_sample_mean(with_threads(5), values), one);
}

TEST(HalfSamples, NeedTwoUnits) {
  EXPECT_TRUE(std::isnan(half_sample_mean(with_threads(1), {3}).low));
  EXPECT_EQ(half_sample_mean(with_threads(1), {3, 3}), (Interval{3, 3}));
}

TEST(Bootstrap, LeavesOutResamplesWithoutAValue) {
  const auto nan_or_one = [](std::span<const int64_t> units) { return units[0] == 0 ? std::nan("") : 1.0; };
  EXPECT_EQ(bootstrap_interval(with_threads(0), 3, nan_or_one), (Interval{1, 1}));
}

TEST(Bootstrap, GivesNoIntervalWithoutUnitsOrResamples) {
  EXPECT_TRUE(std::isnan(bootstrap_mean_interval(with_threads(0), {}).low));
  const std::vector<double> values = {1, 2, 3};
  const Interval none = bootstrap_mean_interval(with_threads(0), values, {.num_resamples = 0});
  EXPECT_TRUE(std::isnan(none.high));
  Report::Row row;
  add_figure(row, "ndcg", "", 0.5, none);
  EXPECT_FALSE(row.figures[0].low);
  add_figure(row, "recall", "", 0.5, {0.4, 0.6});
  EXPECT_EQ(row.figures[1].name, "recall");
  EXPECT_EQ(row.figures[1].low, 0.4);
  EXPECT_EQ(row.figures[1].high, 0.6);
}

}  // namespace
}  // namespace whitney::eval
