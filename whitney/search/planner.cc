#include "whitney/search/planner.h"

#include <algorithm>
#include <cmath>

namespace whitney::search {
namespace {

/// From this share of passing neighbours on, filtered walks look no further than these (FilterWalk).
constexpr double kOneHopShare = 0.4;
/// Around a query of negative correlation fewer pass than elsewhere: below this part of their share in all,
/// the walk must keep more to find as many of the true neighbours.
constexpr double kFarShare = 0.25;
constexpr double kFarFactor = 3;
/// A walk takes twice its estimate before it is given up.
constexpr double kPatience = 2;

/// Distances of a walk on a graph of so many links a node: the descent and the first steps, and those of each
/// of the nearest that are kept.
double walk_start(double max_links) { return 40 + 2.5 * max_links; }
double walk_step(double max_links) { return 1.25 * std::sqrt(max_links); }

}  // namespace

SearchCosts SearchCosts::typical(int64_t row_bytes, bool exact_walk) {
  const double lines = static_cast<double>(row_bytes) / 64;
  SearchCosts costs;
  costs.scan_row = 4 + lines;
  costs.scan_start = 1500;
  costs.walk_distance = 15 + 2 * lines;
  costs.links = 30;
  if (exact_walk) costs.walk_distance = 15 + 2.5 * lines;
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
  const double ef = static_cast<double>(task_.ef) * (is_far ? kFarFactor : 1);
  const double around = is_far ? share : local_share;
  const double lists = around >= kOneHopShare ? 1 : 1 + std::min(links * (1 - around), 1 / around);
  const double steps = std::min(ef, passing);
  const double distances = std::min(walk_start(links) + walk_step(links) * ef, walk_start(links) + passing);
  return {FilterPlan::kFilteredGraph, costs_.walk(distances, steps * lists), distances,
          std::min(static_cast<int64_t>(ef), task_.num_passing)};
}

PlanEstimate FilterPlanner::graph_then_filter(double local_share) const {
  const auto nodes = static_cast<double>(task_.num_nodes), links = static_cast<double>(task_.max_links);
  const double share = std::max(local_share, 1e-6);
  const double ef = std::min(8 + 1.1 * static_cast<double>(task_.ef) / share, nodes);
  const double distances = walk_start(links) + std::min(walk_step(links) * ef, nodes);
  return {FilterPlan::kGraphThenFilter, costs_.walk(distances, 0), distances, static_cast<int64_t>(ef)};
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
