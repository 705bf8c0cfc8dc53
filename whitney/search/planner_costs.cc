#include "whitney/search/planner_costs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/search/plan_trials.h"

namespace whitney::search {
namespace {

constexpr int64_t kShortWalk = 16, kLongWalk = 128, kFilteredWalk = 40;
/// Nearly all pass where walks go as without a filter: what a filter costs any of them is then part of it.
constexpr double kPlainShare = 0.95;
/// Shares of passing rows that SearchCosts tells steps of.
constexpr std::array<double, 4> kShares = {0.1, 0.25, 0.5, 0.8};
/// Of the queries.
constexpr double kMostSwitched = 0.1;

Value width(int64_t ef) { return Value::object({{"ef", ef}}); }

/// All that is asked: scans of few and many rows, and of many at once, walks that keep few and many, filtered
/// ones where kShares pass.
struct Trials {
  ScanTrials scans;
  PlanTrial together, near, wide;
  std::array<PlanTrial, kShares.size()> filtered;

  explicit Trials(const RowSet& live) : scans(live, width(kShortWalk)) {
    together.plan = FilterPlan::kScan;
    together.options = width(kShortWalk);
    together.at_once = true;
    together.allow(scans.many.allowed[0]);
    for (PlanTrial* trial : {&near, &wide}) {
      trial->plan = FilterPlan::kGraphThenFilter;
      trial->allow(share_of_rows(live, kPlainShare, kShares.size()));
    }
    near.options = width(kShortWalk);
    wide.options = width(kLongWalk);
    for (size_t i = 0; i < kShares.size(); ++i) {
      filtered[i].allow(share_of_rows(live, kShares[i], i));
      filtered[i].plan = FilterPlan::kFilteredGraph;
      filtered[i].options = width(kFilteredWalk);
    }
  }
  std::vector<PlanTrial*> all() {
    std::vector<PlanTrial*> trials = {&scans.few, &scans.many, &together, &near, &wide};
    for (PlanTrial& trial : filtered) trials.push_back(&trial);
    return trials;
  }
};

void fit_scan(const Trials& trials, SearchCosts& costs) {
  costs.scan_row = trials.scans.row_time();
  costs.scan_start = trials.scans.start_time();
  const double row = (trials.together.time() - costs.scan_start) / trials.together.rows();
  costs.shared_row = (row * kTrialQueries - costs.scan_row) / (kTrialQueries - 1);
}

/// How many the walks of a trial keep.
double kept(const PlanTrial& trial, const MeasuredGraph& graph, double share) {
  const FilterTask task = {
      graph.num_nodes, trial.allowed[0].size(), trial.options.at("ef").as_int(), kTrialHits, 1, {}};
  return static_cast<double>(FilterPlanner(graph.standard, task).estimate(*trial.plan, share).ef);
}

void fit_walk(const Trials& trials, const MeasuredGraph& graph, SearchCosts& costs) {
  const PlanTrial &near = trials.near, &wide = trials.wide;
  const double more = wide.actual("distances") - near.actual("distances"),
               few_kept = kept(near, graph, kPlainShare);
  costs.plain_steps = more / (kept(wide, graph, kPlainShare) - few_kept);
  costs.start_steps = near.actual("distances") - costs.plain_steps * few_kept;
  costs.plain_distance = (wide.time() - near.time()) / more;
  costs.walk_start = near.time() - near.actual("distances") * costs.plain_distance;
}

/// What a distance and a list take, by the least squares of the relative errors of all walks, in units of the
/// standard. Where walks take much of the one they take much of the other: what the times leave open is told
/// by the standard, whose ratio counts as a walk that is known to kKnown.
void fit_times(const std::array<PlanTrial, kShares.size()>& trials, const SearchCosts& standard,
               SearchCosts& costs) {
  constexpr double kKnown = 0.3;
  double dd = kKnown * kKnown, ll = dd, dl = -dd, d = 0, l = 0;
  for (const PlanTrial& trial : trials) {
    const double time = std::max(trial.time() - costs.walk_start, 1.0);
    const double distances = trial.actual("distances") * standard.walk_distance / time,
                 lists = trial.actual("lists") * standard.links / time;
    dd += distances * distances, dl += distances * lists, ll += lists * lists;
    d += distances, l += lists;
  }
  const double determinant = dd * ll - dl * dl;
  costs.walk_distance = standard.walk_distance * (d * ll - l * dl) / determinant;
  costs.links = standard.links * (dd * l - dl * d) / determinant;
}

/// `costs`: with all that fit_walk found. Where a scan had to find what walks did not, their times tell
/// nothing, and the standard remains.
void fit_filtered_walk(const Trials& trials, const MeasuredGraph& graph, SearchCosts& costs) {
  double switched = 0;
  for (const PlanTrial& trial : trials.filtered) switched += trial.actual("switched");
  if (switched > kMostSwitched) return;
  double* const steps[] = {&costs.steps_10, &costs.steps_25, &costs.steps_50, &costs.steps_80};
  double* const lists[] = {&costs.lists_10, &costs.lists_25, &costs.lists_50, &costs.lists_80};
  for (size_t i = 0; i < kShares.size(); ++i) {
    const PlanTrial& trial = trials.filtered[i];
    const double num_kept = kept(trial, graph, kShares[i]);
    *steps[i] =
        (trial.actual("distances") - costs.start_steps) / SearchCosts::steps_of_kept(kShares[i], num_kept);
    *lists[i] = trial.actual("lists") / SearchCosts::lists_of_kept(kShares[i], num_kept);
  }
  fit_times(trials.filtered, graph.standard, costs);
}

}  // namespace

std::optional<SearchCosts> measure_costs(const Index& index, const MeasuredGraph& graph) {
  if (graph.num_nodes < kLeastMeasured || index.live().size() < kLeastMeasured) return std::nullopt;
  Trials trials(index.live());
  run_trials(index, trials.all());
  SearchCosts costs = graph.standard;
  fit_scan(trials, costs);
  fit_walk(trials, graph, costs);
  costs = costs.bounded_by(graph.standard);
  fit_filtered_walk(trials, graph, costs);
  // What a file keeps is what this index plans by.
  return SearchCosts::from_value(costs.bounded_by(graph.standard).to_value());
}

void keep_costs(Index& index, PlanCosts wanted, const Context& context) {
  if (wanted == PlanCosts::kStandard || index.measure_plan_costs()) return;
  context.note(concat("plan_costs has no effect on ", index.live().size(),
                      " vectors (expected: ", kLeastMeasured, " or more)"));
}

}  // namespace whitney::search
