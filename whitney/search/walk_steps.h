#pragma once

#include <algorithm>
#include <cmath>

namespace whitney::search {

// How many steps a walk takes through a typical graph of so many links a node, for each of the nearest that
// it keeps. SearchCosts holds by how much a graph differs.

/// From this share of passing neighbours on, filtered walks look no further than these (FilterWalk).
inline constexpr double kOneHopShare = 0.4;

/// Distances of the descent and the first steps.
inline double walk_start_steps(double max_links) { return 40 + 6 * max_links; }

/// Distances of each of the nearest that a walk without a filter keeps.
inline double walk_steps(double max_links) { return 1.7 * std::sqrt(max_links); }

/// The same of a filtered walk where this share of nodes passes: distances, and lists of links. Below
/// kOneHopShare it looks through lists until it has found as many as a list holds, or has seen them all.
inline double filtered_steps(double max_links, double share) {
  return share >= kOneHopShare ? walk_steps(max_links) : 0.6 * max_links * std::min(1.0, share / 0.15);
}
inline double filtered_lists(double max_links, double share) {
  return share >= kOneHopShare ? 1 : 1 + std::min(0.6 * max_links, 1.9 * (1 - share) / std::max(share, 1e-6));
}

/// How many times as many a filtered walk must keep to find as many of the true neighbours as a walk without
/// a filter does: where only passing neighbours are expanded the graph is thinned, elsewhere two hops make up
/// for most of that, and far from the query more has to be crossed.
inline double kept_factor(bool is_far, double share) {
  if (is_far) return 3;
  return share >= kOneHopShare ? 1 + 4 * (1 - share) : 2;
}

}  // namespace whitney::search
