#pragma once

#include <functional>
#include <vector>

namespace whitney::bench {

/// What alternating runs of two programs gave: medians in seconds, and peer / ours (above 1: ours is faster)
/// as the median of the pairs with their extremes.
struct Pairs {
  double ours = 0;
  double peer = 0;
  double ratio = 0;
  double lowest_ratio = 0;
  double highest_ratio = 0;
};

/// Runs ours and the peer in turns, `num_pairs` times after one run of each to warm up. Each returns the
/// seconds that it took.
Pairs run_pairs(int num_pairs, const std::function<double()>& ours, const std::function<double()>& peer);

/// The middle value; of an even count the mean of the two in the middle. At least one value.
double median(std::vector<double> values);

/// Gives the seconds that `work` takes.
double seconds_of(const std::function<void()>& work);

}  // namespace whitney::bench
