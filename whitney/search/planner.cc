#include "whitney/search/planner.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "whitney/search/cost_fields.h"

namespace whitney::search {
namespace {

/// From this share of passing neighbours on, filtered walks look no further than these (FilterWalk).
constexpr double kOneHopShare = 0.4;
/// Around a query of negative correlation fewer pass than elsewhere: below this part of their share in all.
constexpr double kFarShare = 0.25;
/// To come to those that pass from there takes about so many times the distances that a walk begins with.
constexpr double kFarStart = 2.25;
/// The least share of passing nodes around a query for which an unfiltered walk keeps as many more.
constexpr double kLeastDropShare = 0.05;
/// A walk takes twice its estimate before it is given up.
constexpr double kPatience = 2;
/// Looking where a query lies may take this part of a scan, unless several times as many pass around the
/// query as elsewhere.
constexpr double kLookShare = 0.1, kLikelyTimes = 4;
/// Where a filter picks regions, a walk from near the border of one comes home with too few hits about this
/// often. Regions: from so much clustering on, which few looks cannot tell from none, and wholly above it.
constexpr double kMissingShare = 0.45, kLeastClustered = 0.1, kClusteredRange = 0.2;
/// By so much more may pass around a query than around a node that a rough look takes for it, and this part
/// of a scan a walk must then take at most: less saved is not worth a closer look.
constexpr double kRoughTimes = 1.2, kWorthLooking = 0.8;

/// How many times as many a filtered walk must keep to find as many of the true neighbours as a walk without
/// a filter does: where only passing neighbours are expanded the graph is thinned, elsewhere two hops make up
/// for most of that, and far from the query more has to be crossed.
double kept_factor(bool is_far, double share) {
  if (is_far) return 3;
  return share >= kOneHopShare ? 1 + 4 * (1 - share) : 2;
}

/// What it keeps besides, of so many hits wanted: where it keeps few, it finds fewer of the true neighbours
/// than a walk that drops what does not pass, which has a reserve for these.
double kept_reserve(bool is_far, double share, int64_t wanted) {
  if (is_far) return 0;
  return static_cast<double>(share >= kOneHopShare ? 2 * wanted : wanted);
}

/// Far from those that pass, lists of links overlap more, and the more so the more a walk keeps.
double far_lists(double kept) { return 0.6 * std::pow(40 / std::max(kept, 40.0), 0.1); }

/// So many of those that a walk keeps pass that at least `wanted` do, of 50 times in 49.
double enough_passing(double wanted, double share) { return wanted + 2 * std::sqrt(wanted * (1 - share)); }

/// kept^(1 - less), and kMeasuredKept for that.
double kept_power(double kept, double less) {
  if (kept <= 0) return 0;
  return kept * std::pow(static_cast<float>(SearchCosts::kMeasuredKept / kept), static_cast<float>(less));
}

/// Between what was measured at shares of .1, .25, .5 and .8: linear in the logarithm of the share.
double at_share(const std::array<double, 4>& measured, double share) {
  constexpr std::array<double, 4> kShares = {0.1, 0.25, 0.5, 0.8};
  size_t next = 1;
  while (next < 3 && share > kShares[next]) ++next;
  const double part =
      std::clamp(std::log(share / kShares[next - 1]) / std::log(kShares[next] / kShares[next - 1]), 0.0, 1.0);
  return measured[next - 1] + part * (measured[next] - measured[next - 1]);
}

constexpr std::array<CostField<SearchCosts>, 17> kCostFields = {
    {{"scan_row", &SearchCosts::scan_row},
     {"shared_row", &SearchCosts::shared_row},
     {"scan_start", &SearchCosts::scan_start},
     {"walk_start", &SearchCosts::walk_start},
     {"walk_distance", &SearchCosts::walk_distance},
     {"plain_distance", &SearchCosts::plain_distance},
     {"links", &SearchCosts::links},
     {"start_steps", &SearchCosts::start_steps},
     {"plain_steps", &SearchCosts::plain_steps},
     {"steps_10", &SearchCosts::steps_10},
     {"steps_25", &SearchCosts::steps_25},
     {"steps_50", &SearchCosts::steps_50},
     {"steps_80", &SearchCosts::steps_80},
     {"lists_10", &SearchCosts::lists_10},
     {"lists_25", &SearchCosts::lists_25},
     {"lists_50", &SearchCosts::lists_50},
     {"lists_80", &SearchCosts::lists_80}}};

}  // namespace

SearchCosts SearchCosts::typical(int64_t row_bytes, bool exact_walk, int64_t max_links) {
  // Rows are read from where they lie, mostly beyond the second cache level: a scan asks for many lines at
  // once, a walk for those of one hop.
  const double lines = static_cast<double>(row_bytes) / 64;
  SearchCosts costs;
  costs.scan_row = 5 + 3.5 * lines;
  costs.shared_row = 6 + 0.6 * lines;
  costs.scan_start = 6000;
  costs.walk_start = 500;
  costs.walk_distance = 45 + (exact_walk ? 7 : 5) * lines;
  costs.plain_distance = 0.7 * costs.walk_distance;
  costs.links = 75;
  const auto max_of_links = static_cast<double>(max_links);
  const double root = std::sqrt(max_of_links);
  costs.start_steps = 25 + 4 * max_of_links;
  costs.plain_steps = 1.3 * root;
  costs.steps_10 = 0.25 * max_of_links;
  costs.steps_25 = 0.35 * max_of_links;
  costs.steps_50 = 1.25 * root;
  costs.steps_80 = root;
  costs.lists_10 = 0.4 * max_of_links;
  costs.lists_25 = 0.25 * max_of_links;
  costs.lists_50 = 2;
  costs.lists_80 = 1;
  return costs;
}

double SearchCosts::steps_of_kept(double share, double kept) { return kept_power(kept, 0.35 * (1 - share)); }

double SearchCosts::lists_of_kept(double share, double kept) { return kept_power(kept, 0.12 * (1 - share)); }

double SearchCosts::filtered_steps(double share, double kept) const {
  // Where fewer pass, fewer are met in as many lists.
  return steps_of_kept(share, kept) * at_share({steps_10, steps_25, steps_50, steps_80}, share) *
         std::min(1.0, share / 0.1);
}

double SearchCosts::filtered_lists(double share, double kept) const {
  const double further = std::clamp(0.2 * std::log2(0.1 / std::max(share, 1e-6)), 0.0, 0.5);
  return lists_of_kept(share, kept) * at_share({lists_10, lists_25, lists_50, lists_80}, share) *
         (1 + further);
}

SearchCosts SearchCosts::bounded_by(const SearchCosts& standard) const {
  return costs_bounded_by<SearchCosts>(standard, *this, kCostFields);
}

Value SearchCosts::to_value() const { return costs_to_value<SearchCosts>(*this, kCostFields); }

std::optional<SearchCosts> SearchCosts::from_value(const Value& value) {
  return costs_from_value<SearchCosts>(value, kCostFields);
}

PlanEstimate FilterPlanner::scan() const {
  const auto rows = static_cast<double>(task_.num_passing);
  // All queries together fetch a row once.
  const double shared = std::min(costs_.shared_row, costs_.scan_row);
  const double row = shared + (costs_.scan_row - shared) / static_cast<double>(task_.num_together);
  return {FilterPlan::kScan, costs_.scan_start + rows * row, rows, 0, 0, false};
}

PlanEstimate FilterPlanner::filtered_graph(double local_share) const {
  const auto passing = static_cast<double>(task_.num_passing);
  const bool is_far = local_share < kFarShare * share();
  // A walk begins where the query lies and goes on among those that pass. Far from these, to come there takes
  // as much as if they were everywhere.
  const double among = task_.share_among.value_or(local_share);
  const double around = is_far ? share() : std::sqrt(local_share * among);
  const double wanted_kept = static_cast<double>(task_.ef) * kept_factor(is_far, around) +
                             kept_reserve(is_far, around, task_.wanted);
  const double kept = std::min(wanted_kept, passing);
  // What was met before is looked at again, but not measured.
  const double steps = costs_.filtered_steps(around, kept);
  const double lists = costs_.filtered_lists(around, kept) * (is_far ? far_lists(kept) : 1);
  const double first_steps = costs_.start_steps * (is_far ? kFarStart : 1);
  return {FilterPlan::kFilteredGraph,
          costs_.walk_start + costs_.walk(first_steps + steps, lists),
          first_steps + std::min(steps, passing),
          lists,
          static_cast<int64_t>(kept),
          is_far};
}

double FilterPlanner::share() const {
  return static_cast<double>(task_.num_passing) / static_cast<double>(std::max<int64_t>(task_.num_nodes, 1));
}

double FilterPlanner::clustered() const {
  if (share() >= 1) return 0;
  return std::clamp((task_.share_among.value_or(share()) - share()) / (1 - share()), 0.0, 1.0);
}

double FilterPlanner::share_of_nearest(double local_share) const {
  return std::min(local_share, local_share + clustered() * (local_share - share()));
}

double FilterPlanner::missing_share(double local_share) const {
  const double regions = std::clamp((clustered() - kLeastClustered) / kClusteredRange, 0.0, 1.0);
  // Seldom where the query lies among rows that pass, or where most do.
  const double others = 1 - share(), outside = std::min(1.0, (1 - local_share) / std::max(others, 1e-6));
  return kMissingShare * regions * outside * outside * std::min(1.0, 2 * others);
}

PlanEstimate FilterPlanner::graph_then_filter(double local_share) const {
  const auto nodes = static_cast<double>(task_.num_nodes);
  const auto wanted = static_cast<double>(task_.wanted);
  const double nearest = share_of_nearest(local_share);
  const auto ef_for = [&](double share) {
    const double passing = std::max(1.1 * static_cast<double>(task_.ef), enough_passing(wanted, share));
    return std::min(8 + passing / share, nodes);
  };
  const double steps = costs_.plain_steps * ef_for(std::max(nearest, 1e-6));
  // Where it is forced upon fewer, it keeps no more than for so many, and another plan finds the rest.
  const double ef = ef_for(std::max(nearest, kLeastDropShare));
  return {FilterPlan::kGraphThenFilter,
          costs_.walk_start + (costs_.start_steps + steps) * costs_.plain_distance,
          costs_.start_steps + std::min(steps, nodes),
          0,
          static_cast<int64_t>(ef),
          false};
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

double FilterPlanner::cheapest_walk(double local_share) const {
  return std::min(filtered_graph(local_share).nanoseconds, graph_then_filter(local_share).nanoseconds);
}

bool FilterPlanner::scan_is_best() const {
  if (task_.num_passing <= task_.wanted) return true;
  const double scan_time = scan().nanoseconds;
  if (scan_time <= beginning_of_walk() || scan_time <= cheapest_walk(1)) return true;
  return looks_roughly() && scan_time <= cheapest_walk(std::min(1.0, kLikelyTimes * share()));
}

double FilterPlanner::beginning_of_walk() const {
  return costs_.walk_start + costs_.start_steps * std::min(costs_.plain_distance, costs_.walk_distance);
}

bool FilterPlanner::looks_roughly() const {
  // About half of what a walk begins with: bits of what passes, and the descent.
  return beginning_of_walk() / 2 > kLookShare * scan().nanoseconds;
}

bool FilterPlanner::scan_is_best_near(double rough_share) const {
  return kWorthLooking * scan().nanoseconds <= cheapest_walk(std::min(1.0, kRoughTimes * rough_share));
}

PlanEstimate FilterPlanner::choose(double local_share) const {
  PlanEstimate best = scan();
  if (task_.num_passing <= task_.wanted) return best;
  const PlanEstimate among = filtered_graph(local_share), all = graph_then_filter(local_share);
  if (among.nanoseconds < best.nanoseconds) best = among;
  if (all.nanoseconds + missing_share(local_share) * among.nanoseconds < best.nanoseconds) best = all;
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
