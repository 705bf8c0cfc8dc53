#include <algorithm>

#include "whitney/search/ivf_index.h"
#include "whitney/search/ivf_plan.h"
#include "whitney/search/plan_trials.h"

namespace whitney::search {
namespace {

constexpr int64_t kFewProbes = 4, kManyProbes = 64;
/// Where half pass, every row of a list is tested and most blocks are compared. Where a twentieth does, which
/// is about where a scan takes as long, it is lists that are searched which take the time, and where very few
/// do, all the lists that hold none of them.
constexpr double kShare = 0.5, kTwentieth = 0.05;
constexpr int64_t kVeryFew = 24;

/// What is asked besides scans: few and many lists without a filter, many with one, and with two of which is
/// kept what they let pass.
struct ListTrials {
  PlanTrial narrow, wide, filtered, sparse, few;

  ListTrials(const RowSet& live, int64_t nlist) {
    const auto probes = [&](int64_t count) { return Value::object({{"nprobe", std::min(count, nlist)}}); };
    for (PlanTrial* trial : {&narrow, &wide, &filtered, &sparse, &few}) {
      trial->plan = FilterPlan::kFilteredGraph;  // any but a scan
      trial->options = probes(trial == &narrow ? kFewProbes : kManyProbes);
      if (trial == &few) trial->options = probes(default_nprobe(nlist));
    }
    filtered.allow(share_of_rows(live, kShare, 0), false);
    // A filter for each query: one that all asked would lie in the caches.
    for (uint64_t q = 0; q < uint64_t{kTrialQueries}; ++q) {
      sparse.allow(some_rows(live, kVeryFew, 100 + q));
      few.allow(share_of_rows(live, kTwentieth, 1 + q));
    }
  }
};

/// Vectors or codes to compare in lists, as the planner knows them: some vectors turn out to be too far by
/// their list's radius; and what is ranked again.
double compared(const IvfParts& parts, const PlanTrial& trial) {
  return trial.actual(parts.has_codes() ? "codes" : "passing");
}
double time_of_ranking(const IvfParts& parts, const PlanTrial& trial, const IvfCosts& costs) {
  return parts.has_codes() ? trial.actual("distances") * costs.scan_row : 0;
}

}  // namespace

std::optional<IvfCosts> measure_ivf_costs(const Index& index, const IvfParts& parts) {
  const int64_t nlist = parts.centroids.size();
  if (index.live().size() < kLeastMeasured || nlist <= kFewProbes) return std::nullopt;
  ScanTrials scans(index.live(), Value::object());
  ListTrials lists(index.live(), nlist);
  run_trials(index, {&scans.few, &scans.many, &lists.narrow, &lists.wide, &lists.filtered, &lists.sparse,
                     &lists.few});
  const IvfCosts standard = IvfCosts::typical(parts);
  IvfCosts costs = standard;
  costs.scan_row = scans.row_time();
  costs.scan_start = scans.start_time();
  costs = costs.bounded_by(standard);
  const auto scanned = [&](const PlanTrial& trial) {
    return trial.time() - time_of_ranking(parts, trial, costs);
  };
  costs.compare = (scanned(lists.wide) - scanned(lists.narrow)) /
                  (compared(parts, lists.wide) - compared(parts, lists.narrow));
  costs.lists_start = scanned(lists.narrow) - compared(parts, lists.narrow) * costs.compare;
  costs = costs.bounded_by(standard);
  const auto of_lists = [&](const PlanTrial& trial) {
    return scanned(trial) - costs.scan_start - costs.lists_start - compared(parts, trial) * costs.compare;
  };
  const double seen = lists.sparse.actual("seen"), searched = lists.sparse.actual("lists"),
               seen_of_few = lists.few.actual("seen"), searched_of_few = lists.few.actual("lists");
  // Of seen list + searched visit, twice; what bounds take from one is then the other's.
  costs.list = (of_lists(lists.sparse) * searched_of_few - of_lists(lists.few) * searched) /
               (seen * searched_of_few - seen_of_few * searched);
  costs = costs.bounded_by(standard);
  costs.visit = (of_lists(lists.few) - seen_of_few * costs.list) / searched_of_few;
  costs.test = of_lists(lists.filtered) / lists.filtered.actual("tested");
  // What a file keeps is what this index plans by.
  return IvfCosts::from_value(costs.bounded_by(standard).to_value());
}

}  // namespace whitney::search
