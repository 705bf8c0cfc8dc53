#include "whitney/search/planner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "whitney/search/walk_steps.h"

namespace whitney::search {
namespace {

/// Around a query of negative correlation fewer pass than elsewhere: below this part of their share in all.
constexpr double kFarShare = 0.25;
/// The least share of passing nodes around a query for which an unfiltered walk keeps as many more.
constexpr double kLeastDropShare = 0.05;
/// A walk takes twice its estimate before it is given up.
constexpr double kPatience = 2;

struct CostField {
  std::string_view name;
  double SearchCosts::* member;
};
constexpr std::array<CostField, 12> kCostFields = {{{"scan_row", &SearchCosts::scan_row},
                                                    {"shared_row", &SearchCosts::shared_row},
                                                    {"scan_start", &SearchCosts::scan_start},
                                                    {"walk_start", &SearchCosts::walk_start},
                                                    {"walk_distance", &SearchCosts::walk_distance},
                                                    {"plain_distance", &SearchCosts::plain_distance},
                                                    {"links", &SearchCosts::links},
                                                    {"start_steps", &SearchCosts::start_steps},
                                                    {"plain_steps", &SearchCosts::plain_steps},
                                                    {"one_hop_steps", &SearchCosts::one_hop_steps},
                                                    {"two_hop_steps", &SearchCosts::two_hop_steps},
                                                    {"two_hop_lists", &SearchCosts::two_hop_lists}}};
/// By how much a machine or a graph may differ from the standard.
constexpr double kMostTimesStandard = 8;
/// What a file may say.
constexpr double kLeastCost = 1e-3, kMostCost = 1e7;

/// To four digits: all that a measurement means.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return std::strtod(text, nullptr);
}

}  // namespace

SearchCosts SearchCosts::typical(int64_t row_bytes, bool exact_walk) {
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
  costs.start_steps = 0.65;
  costs.plain_steps = 0.75;
  costs.one_hop_steps = costs.two_hop_steps = 0.55;
  costs.two_hop_lists = 0.75;
  return costs;
}

SearchCosts SearchCosts::bounded_by(const SearchCosts& standard) const {
  SearchCosts bounded = *this;
  for (const auto& [name, member] : kCostFields) {
    const double usual = standard.*member;
    double& value = bounded.*member;
    value = std::isfinite(value) ? std::clamp(value, usual / kMostTimesStandard, usual * kMostTimesStandard)
                                 : usual;
  }
  return bounded;
}

Value SearchCosts::to_value() const {
  Value value = Value::object();
  for (const auto& [name, member] : kCostFields) value.set(std::string(name), rounded(this->*member));
  return value;
}

std::optional<SearchCosts> SearchCosts::from_value(const Value& value) {
  SearchCosts costs;
  if (!value.is_object()) return std::nullopt;
  for (const auto& [name, member] : kCostFields) {
    const Value* found = value.find(name);
    if (found == nullptr || !found->is_number()) return std::nullopt;
    const double number = found->as_real();
    if (!(number >= kLeastCost && number <= kMostCost)) return std::nullopt;
    costs.*member = number;
  }
  return costs;
}

PlanEstimate FilterPlanner::scan() const {
  const auto rows = static_cast<double>(task_.num_passing);
  // All queries together fetch a row once.
  const double shared = std::min(costs_.shared_row, costs_.scan_row);
  const double row = shared + (costs_.scan_row - shared) / static_cast<double>(task_.num_together);
  return {FilterPlan::kScan, costs_.scan_start + rows * row, rows, 0, 0};
}

PlanEstimate FilterPlanner::filtered_graph(double local_share) const {
  const auto passing = static_cast<double>(task_.num_passing), links = static_cast<double>(task_.max_links);
  const double share = passing / static_cast<double>(std::max<int64_t>(task_.num_nodes, 1));
  const bool is_far = local_share < kFarShare * share;
  const double ef = static_cast<double>(task_.ef) * kept_factor(is_far, local_share);
  const double around = is_far ? share : local_share;
  const double kept = std::min(ef, passing);
  const bool is_one_hop = around >= kOneHopShare;
  const double step =
      filtered_steps(links, around) * (is_one_hop ? costs_.one_hop_steps : costs_.two_hop_steps);
  const double further = (filtered_lists(links, around) - 1) * costs_.two_hop_lists;
  const double distances = costs_.start_steps * walk_start_steps(links) + std::min(step * kept, passing);
  const double lists = kept * (1 + further);
  return {FilterPlan::kFilteredGraph, costs_.walk_start + costs_.walk(distances, lists), distances, lists,
          std::min(static_cast<int64_t>(ef), task_.num_passing)};
}

PlanEstimate FilterPlanner::graph_then_filter(double local_share) const {
  const auto nodes = static_cast<double>(task_.num_nodes), links = static_cast<double>(task_.max_links);
  const auto ef_for = [&](double share) {
    return std::min(8 + 1.1 * static_cast<double>(task_.ef) / share, nodes);
  };
  const double step = costs_.plain_steps * walk_steps(links);
  const double distances = costs_.start_steps * walk_start_steps(links) +
                           std::min(step * ef_for(std::max(local_share, 1e-6)), nodes);
  // Where it is forced upon fewer, it keeps no more than for so many, and another plan finds the rest.
  const double ef = ef_for(std::max(local_share, kLeastDropShare));
  return {FilterPlan::kGraphThenFilter, costs_.walk_start + distances * costs_.plain_distance, distances, 0,
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
