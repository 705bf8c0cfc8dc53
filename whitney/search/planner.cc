#include "whitney/search/planner.h"

#include <algorithm>
#include <cmath>

namespace whitney::search {
namespace {

/// From this share of passing neighbours on, filtered walks look no further than these (FilterWalk).
constexpr double kOneHopShare = 0.4;
/// Around a query of negative correlation fewer pass than elsewhere: below this part of their share in all.
constexpr double kFarShare = 0.25;
/// The least share of passing nodes around a query for which an unfiltered walk keeps as many more.
constexpr double kLeastDropShare = 0.05;
/// A walk takes twice its estimate before it is given up.
constexpr double kPatience = 2;

/// Distances of a walk on a graph of so many links a node: the descent and the first steps, and those of each
/// of the nearest that are kept.
double walk_start(double max_links) { return 40 + 6 * max_links; }
double walk_step(double max_links) { return 1.7 * std::sqrt(max_links); }

/// How many times as many a filtered walk must keep to find as many of the true neighbours as a walk without
/// a filter does: where only passing neighbours are expanded the graph is thinned, elsewhere two hops make up
/// for most of that, and far from the query more has to be crossed.
double kept_factor(bool is_far, double share) {
  if (is_far) return 3;
  return share >= kOneHopShare ? 1 + 4 * (1 - share) : 2;
}

/// Of a filtered walk where this share of nodes passes: distances of each of the nearest, and lists of links.
/// Below kOneHopShare it looks through lists until it has found as many as a list holds, or has seen them
/// all.
double filtered_step(double max_links, double share) {
  return share >= kOneHopShare ? walk_step(max_links) : 0.6 * max_links * std::min(1.0, share / 0.15);
}
double filtered_lists(double max_links, double share) {
  return share >= kOneHopShare ? 1 : 1 + std::min(0.6 * max_links, 1.9 * (1 - share) / std::max(share, 1e-6));
}

}  // namespace

SearchCosts SearchCosts::typical(int64_t row_bytes, bool exact_walk) {
  // Rows are read from where they lie, mostly beyond the second cache level: a line takes 6 ns of a scan,
  // which asks for many at once.
  const double lines = static_cast<double>(row_bytes) / 64;
  SearchCosts costs;
  costs.scan_row = 3 + 6 * lines;
  costs.scan_start = 4000;
  costs.walk_distance = 50 + (exact_walk ? 12 : 9) * lines;
  costs.plain_distance = 0.8 * costs.walk_distance;
  costs.links = 80;
  return costs;
}

PlanEstimate FilterPlanner::scan() const {
  const auto rows = static_cast<double>(task_.num_passing);
  return {FilterPlan::kScan, costs_.scan_start + rows * costs_.scan_row, rows, 0};
}

PlanEstimate FilterPlanner::filtered_graph(double local_share) const {
  const auto passing = static_cast<double>(task_.num_passing), links = static_cast<double>(task_.max_links);
  const double share = passing / static_cast<double>(std::max<int64_t>(task_.num_nodes, 1));
  const bool is_far = local_share < kFarShare * share;
  const double ef = static_cast<double>(task_.ef) * kept_factor(is_far, local_share);
  const double around = is_far ? share : local_share;
  const double steps = std::min(ef, passing);
  const double distances = walk_start(links) + std::min(filtered_step(links, around) * steps, passing);
  return {FilterPlan::kFilteredGraph, costs_.walk(distances, steps * filtered_lists(links, around)),
          distances, std::min(static_cast<int64_t>(ef), task_.num_passing)};
}

PlanEstimate FilterPlanner::graph_then_filter(double local_share) const {
  const auto nodes = static_cast<double>(task_.num_nodes), links = static_cast<double>(task_.max_links);
  const auto ef_for = [&](double share) {
    return std::min(8 + 1.1 * static_cast<double>(task_.ef) / share, nodes);
  };
  const double distances =
      walk_start(links) + std::min(walk_step(links) * ef_for(std::max(local_share, 1e-6)), nodes);
  // Where it is forced upon fewer, it keeps no more than for so many, and another plan finds the rest.
  const double ef = ef_for(std::max(local_share, kLeastDropShare));
  return {FilterPlan::kGraphThenFilter, distances * costs_.plain_distance, distances,
          static_cast<int64_t>(ef)};
}

PlanEstimate FilterPlanner::estimate(FilterPlan plan, double local_share) const {
  switch (plan) {
    case FilterPlan::kFilteredGraph:
      return filtered_graph(local_share);
    case FilterPlan::kGraphThenFilter:
      return graph_then_filter(local_share);
    case FilterPlan::kScan:
      break;
  }
  return scan();
}

PlanEstimate FilterPlanner::graph() const { return graph_then_filter(1); }

bool FilterPlanner::scan_is_best() const {
  if (task_.num_passing <= task_.wanted) return true;
  const double least = std::min(filtered_graph(1).nanoseconds, graph_then_filter(1).nanoseconds);
  return scan().nanoseconds <= least;
}

PlanEstimate FilterPlanner::choose(double local_share) const {
  PlanEstimate best = scan();
  if (task_.num_passing <= task_.wanted) return best;
  for (const FilterPlan plan : {FilterPlan::kFilteredGraph, FilterPlan::kGraphThenFilter}) {
    const PlanEstimate other = estimate(plan, local_share);
    if (other.nanoseconds < best.nanoseconds) best = other;
  }
  return best;
}

double FilterPlanner::soft_budget(const PlanEstimate& estimate) const {
  return kPatience * estimate.nanoseconds / costs_.walk_distance;
}

double FilterPlanner::hard_budget(const PlanEstimate& estimate) const {
  return std::max(scan().nanoseconds, kPatience * estimate.nanoseconds) / costs_.walk_distance;
}

std::string_view name_of(FilterPlan plan) {
  switch (plan) {
    case FilterPlan::kFilteredGraph:
      return "filtered graph";
    case FilterPlan::kGraphThenFilter:
      return "graph, then filter";
    case FilterPlan::kScan:
      break;
  }
  return "scan";
}

}  // namespace whitney::search
