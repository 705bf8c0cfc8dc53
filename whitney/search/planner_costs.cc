#include "whitney/search/planner_costs.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/search/filter_memo.h"

namespace whitney::search {
namespace {

constexpr int64_t kLeastNodes = 2000, kQueries = 16, kHits = 10;
constexpr int kRounds = 5;
constexpr int64_t kFewRows = 200, kManyRows = 6000;
constexpr int64_t kShortWalk = 16, kLongWalk = 128, kFilteredWalk = 40;
/// Nearly all pass where walks go as without a filter: what a filter costs any of them is then part of it.
constexpr double kPlainShare = 0.95;
/// Shares of passing rows that SearchCosts tells steps of.
constexpr std::array<double, 4> kShares = {0.1, 0.25, 0.5, 0.8};
/// Of the queries.
constexpr double kMostSwitched = 0.1;

/// A way to ask, and what it came to: per query.
struct Trial {
  std::optional<FilterPlan> plan;
  int64_t ef = 0;
  /// Whom the queries ask, in turns; none: all rows. What a search makes of them is kept, as of a filter that
  /// is met again.
  std::vector<RowSet> allowed;
  std::vector<std::unique_ptr<FilterMemo>> memos;
  /// All queries in one search.
  bool at_once = false;
  std::array<double, kRounds> nanoseconds = {};
  double distances = 0, lists = 0, switched = 0;

  /// Queries of one search.
  int64_t step() const { return at_once ? kQueries : 1; }

  double rows() const { return static_cast<double>(allowed[0].size()); }
  double time() const {
    auto sorted = nanoseconds;
    std::ranges::sort(sorted);
    return sorted[kRounds / 2];
  }
};

RowSet some_rows(const RowSet& live, int64_t count, uint64_t item) {
  RandomStream random(42, "plan costs rows", item);
  const auto size = static_cast<uint64_t>(live.size());
  std::vector<uint32_t> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(live.select(static_cast<int64_t>(random.below(size))));
  return RowSet::of(rows);
}

RowSet share_of_rows(const RowSet& live, double share, uint64_t item) {
  RandomStream random(42, "plan costs share", item);
  std::vector<uint32_t> rows = live.rows();
  std::erase_if(rows, [&](uint32_t) { return random.uniform() >= share; });
  return RowSet::of(rows);
}

/// Half way between a vector and the nearest other one: as near to the data as a question that is not one of
/// them.
Matrix queries_between(const Index& index, const Context& context) {
  RandomStream random(42, "plan costs queries", 0);
  Matrix queries(kQueries, index.dim());
  auto* values = queries.mutable_data<float>();
  for (int64_t q = 0; q < kQueries; ++q, values += index.dim()) {
    const auto place = random.below(static_cast<uint64_t>(index.live().size()));
    const uint32_t row = index.live().select(static_cast<int64_t>(place));
    std::ranges::copy(index.vector(row), values);
    SearchParams params;
    params.k = 1;
    params.excluded = {row};
    const SearchResult nearest = index.search(queries.view().slice(q, q + 1), params, context);
    const std::vector<float> other = index.vector(nearest.neighbors.rows[0]);
    for (size_t j = 0; j < other.size(); ++j) values[j] = (values[j] + other[j]) / 2;
  }
  return queries;
}

SearchResult ask(const Index& index, const Matrix& queries, int64_t q, const Trial& trial, bool explain) {
  static const Context one_thread = [] {
    Context context;
    context.threads = 1;
    return context;
  }();
  SearchParams params;
  params.k = kHits;
  params.plan = trial.plan;
  params.options = Value::object({{"ef", trial.ef}});
  params.explain = explain;
  if (!trial.allowed.empty()) {
    const size_t place = static_cast<size_t>(q) % trial.allowed.size();
    params.allowed = &trial.allowed[place];
    params.memo = trial.memos[place].get();
  }
  return index.search(queries.view().slice(q, q + trial.step()), params, one_thread);
}

/// Asks every query once and counts what comes of it. This also brings near what fits, whoever ran before.
void count(const Index& index, const Matrix& queries, Trial& trial) {
  trial.distances = trial.lists = trial.switched = 0;
  for (int64_t q = 0; q < kQueries; q += trial.step()) {
    const Value explain = ask(index, queries, q, trial, true).explain;
    const auto add = [&](const char* name, double& sum) {
      if (const Value* found = explain.at("actuals").find(name)) sum += found->as_real() / kQueries;
    };
    add("distances", trial.distances);
    add("lists", trial.lists);
    add("switched", trial.switched);
  }
}

/// Nanoseconds of a query, all that belongs to a search included.
double time_of(const Index& index, const Matrix& queries, const Trial& trial) {
  const auto begin = std::chrono::steady_clock::now();
  for (int64_t q = 0; q < kQueries; q += trial.step()) ask(index, queries, q, trial, false);
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
  return time.count() / kQueries;
}

/// All that is asked: scans of few and many rows, and of many at once, walks that keep few and many, filtered
/// ones where kShares pass.
struct Trials {
  Trial few, many, together, near, wide;
  std::array<Trial, kShares.size()> filtered;

  std::vector<Trial*> all() {
    std::vector<Trial*> trials = {&few, &many, &together, &near, &wide};
    for (Trial& trial : filtered) trials.push_back(&trial);
    return trials;
  }
};

Trials trials_over(const RowSet& live) {
  Trials trials;
  const int64_t most = std::min(kManyRows, live.size() / 2);
  for (uint64_t item = 0; item < kQueries; ++item) {
    trials.few.allowed.push_back(some_rows(live, kFewRows, item));
    if (item < 8) trials.many.allowed.push_back(some_rows(live, most, item));
  }
  trials.together.allowed = {trials.many.allowed[0]};
  trials.together.at_once = true;
  trials.few.plan = trials.many.plan = trials.together.plan = FilterPlan::kScan;
  trials.near.allowed = trials.wide.allowed = {share_of_rows(live, kPlainShare, kShares.size())};
  trials.near.plan = trials.wide.plan = FilterPlan::kGraphThenFilter;
  trials.few.ef = trials.many.ef = trials.together.ef = trials.near.ef = kShortWalk;
  trials.wide.ef = kLongWalk;
  for (size_t i = 0; i < kShares.size(); ++i) {
    trials.filtered[i].allowed = {share_of_rows(live, kShares[i], i)};
    trials.filtered[i].plan = FilterPlan::kFilteredGraph;
    trials.filtered[i].ef = kFilteredWalk;
  }
  for (Trial* trial : trials.all()) {
    for (size_t i = 0; i < trial->allowed.size(); ++i) trial->memos.push_back(std::make_unique<FilterMemo>());
  }
  return trials;
}

void fit_scan(const Trials& trials, SearchCosts& costs) {
  costs.scan_row = (trials.many.time() - trials.few.time()) / (trials.many.rows() - trials.few.rows());
  costs.scan_start = trials.few.time() - trials.few.rows() * costs.scan_row;
  const double row = (trials.together.time() - costs.scan_start) / trials.together.rows();
  costs.shared_row = (row * kQueries - costs.scan_row) / (kQueries - 1);
}

/// How many the walks of a trial keep.
double kept(const Trial& trial, const MeasuredGraph& graph, double share) {
  const FilterTask task = {graph.num_nodes, trial.allowed[0].size(), trial.ef, kHits, 1, {}};
  return static_cast<double>(FilterPlanner(graph.standard, task).estimate(*trial.plan, share).ef);
}

void fit_walk(const Trials& trials, const MeasuredGraph& graph, SearchCosts& costs) {
  const Trial &near = trials.near, &wide = trials.wide;
  const double more = wide.distances - near.distances, few_kept = kept(near, graph, kPlainShare);
  costs.plain_steps = more / (kept(wide, graph, kPlainShare) - few_kept);
  costs.start_steps = near.distances - costs.plain_steps * few_kept;
  costs.plain_distance = (wide.time() - near.time()) / more;
  costs.walk_start = near.time() - near.distances * costs.plain_distance;
}

/// What a distance and a list take, by the least squares of the relative errors of all walks, in units of the
/// standard. Where walks take much of the one they take much of the other: what the times leave open is told
/// by the standard, whose ratio counts as a walk that is known to kKnown.
void fit_times(const std::array<Trial, kShares.size()>& trials, const SearchCosts& standard,
               SearchCosts& costs) {
  constexpr double kKnown = 0.3;
  double dd = kKnown * kKnown, ll = dd, dl = -dd, d = 0, l = 0;
  for (const Trial& trial : trials) {
    const double time = std::max(trial.time() - costs.walk_start, 1.0);
    const double distances = trial.distances * standard.walk_distance / time,
                 lists = trial.lists * standard.links / time;
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
  for (const Trial& trial : trials.filtered) switched += trial.switched;
  if (switched > kMostSwitched) return;
  double* const steps[] = {&costs.steps_10, &costs.steps_25, &costs.steps_50, &costs.steps_80};
  double* const lists[] = {&costs.lists_10, &costs.lists_25, &costs.lists_50, &costs.lists_80};
  for (size_t i = 0; i < kShares.size(); ++i) {
    const Trial& trial = trials.filtered[i];
    const double num_kept = kept(trial, graph, kShares[i]);
    *steps[i] = (trial.distances - costs.start_steps) / num_kept;
    *lists[i] = trial.lists / num_kept;
  }
  fit_times(trials.filtered, graph.standard, costs);
}

}  // namespace

std::optional<SearchCosts> measure_costs(const Index& index, const MeasuredGraph& graph) {
  if (graph.num_nodes < kLeastNodes || index.live().size() < kLeastNodes) return std::nullopt;
  Context context;
  context.threads = 1;
  const Matrix queries = queries_between(index, context);
  Trials trials = trials_over(index.live());
  for (size_t round = 0; round < kRounds; ++round) {
    for (Trial* trial : trials.all()) {
      count(index, queries, *trial);
      trial->nanoseconds[round] = time_of(index, queries, *trial);
    }
  }
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
                      " vectors (expected: ", kLeastNodes, " or more)"));
}

}  // namespace whitney::search
