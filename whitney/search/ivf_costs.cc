#include <algorithm>

#include "whitney/search/ivf_index.h"
#include "whitney/search/ivf_plan.h"
#include "whitney/search/plan_trials.h"

namespace whitney::search {
namespace {

constexpr int64_t kFewProbes = 4, kManyProbes = 64;
/// Where half pass, every row of a list is tested and most blocks are compared; where few do, it is lists
/// that take the time.
constexpr double kShare = 0.5, kSmallShare = 0.01;

/// What is asked besides scans: few and many lists without a filter, many with one, and with one of which is
/// kept what it lets pass.
struct ListTrials {
  PlanTrial narrow, wide, filtered, sparse;

  ListTrials(const RowSet& live, int64_t nlist) {
    const auto probes = [&](int64_t count) { return Value::object({{"nprobe", std::min(count, nlist)}}); };
    for (PlanTrial* trial : {&narrow, &wide, &filtered, &sparse}) {
      trial->plan = FilterPlan::kFilteredGraph;  // any but a scan
      trial->options = probes(trial == &narrow ? kFewProbes : kManyProbes);
    }
    filtered.allow(share_of_rows(live, kShare, 0), false);
    sparse.allow(share_of_rows(live, kSmallShare, 1));
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
  run_trials(index, {&scans.few, &scans.many, &lists.narrow, &lists.wide, &lists.filtered, &lists.sparse});
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
  costs.list = (scanned(lists.sparse) - costs.scan_start - costs.lists_start -
                compared(parts, lists.sparse) * costs.compare) /
               lists.sparse.actual("seen");
  costs.test = (scanned(lists.filtered) - costs.scan_start - costs.lists_start -
                compared(parts, lists.filtered) * costs.compare) /
               lists.filtered.actual("tested");
  // What a file keeps is what this index plans by.
  return IvfCosts::from_value(costs.bounded_by(standard).to_value());
}

}  // namespace whitney::search
