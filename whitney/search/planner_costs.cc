#include "whitney/search/planner_costs.h"

#include <algorithm>
#include <array>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/search/walk_steps.h"

namespace whitney::search {
namespace {

constexpr int64_t kLeastNodes = 2000, kQueries = 16, kHits = 10;
constexpr int kRounds = 5;
constexpr int64_t kFewRows = 200, kManyRows = 6000;
constexpr int64_t kShortWalk = 16, kLongWalk = 128, kFilteredWalk = 40;
/// Where only passing neighbours are expanded, and where two hops are.
constexpr double kThickShare = 0.6, kThinShare = 0.1;
/// Of the queries.
constexpr double kMostSwitched = 0.1;

/// A way to ask, and what it came to: per query.
struct Trial {
  std::optional<FilterPlan> plan;
  int64_t ef = 0;
  /// Whom the queries ask, in turns; none: all rows.
  std::vector<RowSet> allowed;
  /// All queries in one search.
  bool at_once = false;
  std::array<double, kRounds> nanoseconds = {};
  double distances = 0, lists = 0, share = 0, switched = 0;

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

/// Asks every query once; returns nanoseconds a query, and counts what came of it.
double ask(const Index& index, const Matrix& queries, const Context& context, Trial& trial) {
  constexpr auto count = static_cast<double>(kQueries);
  double nanoseconds = 0;
  trial.distances = trial.lists = trial.share = trial.switched = 0;
  const int64_t step = trial.at_once ? kQueries : 1;
  for (int64_t q = 0; q < kQueries; q += step) {
    SearchParams params;
    params.k = kHits;
    params.plan = trial.plan;
    params.options = Value::object({{"ef", trial.ef}});
    params.explain = true;
    if (!trial.allowed.empty())
      params.allowed = &trial.allowed[static_cast<size_t>(q) % trial.allowed.size()];
    const Value explain = index.search(queries.view().slice(q, q + step), params, context).explain;
    const Value &actuals = explain.at("actuals"), &estimates = explain.at("estimates");
    nanoseconds += 1000 * actuals.at("microseconds").as_real() / count;
    trial.distances += actuals.at("distances").as_real() / count;
    if (const Value* lists = actuals.find("lists")) trial.lists += lists->as_real() / count;
    if (const Value* switched = actuals.find("switched")) trial.switched += switched->as_real() / count;
    if (const Value* share = estimates.find("local_share")) trial.share += share->as_real() / count;
  }
  return nanoseconds;
}

/// All that is asked: scans of few and many rows, walks that keep few and many, filtered ones among many and
/// few that pass.
struct Trials {
  Trial few, many, together, near, wide, thick, thin;
  std::array<Trial*, 7> all() { return {&few, &many, &together, &near, &wide, &thick, &thin}; }
};

Trials trials_over(const RowSet& live) {
  Trials trials;
  const int64_t most = std::min(kManyRows, live.size() / 2);
  for (uint64_t item = 0; item < kQueries; ++item) {
    trials.few.allowed.push_back(some_rows(live, kFewRows, item));
    if (item < 8) trials.many.allowed.push_back(some_rows(live, most, item));
  }
  trials.thick.allowed = {share_of_rows(live, kThickShare, 0)};
  trials.thin.allowed = {share_of_rows(live, kThinShare, 1)};
  trials.together.allowed = {trials.many.allowed[0]};
  trials.together.at_once = true;
  trials.few.plan = trials.many.plan = trials.together.plan = FilterPlan::kScan;
  trials.thick.plan = trials.thin.plan = FilterPlan::kFilteredGraph;
  trials.few.ef = trials.many.ef = trials.together.ef = trials.near.ef = kShortWalk;
  trials.wide.ef = kLongWalk;
  trials.thick.ef = trials.thin.ef = kFilteredWalk;
  return trials;
}

void fit_scan(const Trials& trials, SearchCosts& costs) {
  costs.scan_row = (trials.many.time() - trials.few.time()) / (trials.many.rows() - trials.few.rows());
  costs.scan_start = trials.few.time() - trials.few.rows() * costs.scan_row;
  const double row = (trials.together.time() - costs.scan_start) / trials.together.rows();
  costs.shared_row = (row * kQueries - costs.scan_row) / (kQueries - 1);
}

void fit_walk(const Trials& trials, double max_links, SearchCosts& costs) {
  const Trial &near = trials.near, &wide = trials.wide;
  const double more = wide.distances - near.distances, step = more / (kLongWalk - kShortWalk);
  costs.plain_steps = step / walk_steps(max_links);
  costs.start_steps = (near.distances - step * kShortWalk) / walk_start_steps(max_links);
  costs.plain_distance = (wide.time() - near.time()) / more;
  costs.walk_start = near.time() - near.distances * costs.plain_distance;
}

/// `costs`: with all that fit_walk found. Where a scan took walks over, their time tells nothing: what a
/// distance takes is then told by the walk without a filter.
void fit_filtered_walk(const Trials& trials, const MeasuredGraph& graph, SearchCosts& costs) {
  const Trial &thick = trials.thick, &thin = trials.thin;
  if (thick.switched + thin.switched > kMostSwitched) {
    costs.walk_distance *= costs.plain_distance / graph.standard.plain_distance;
    return;
  }
  const auto links = static_cast<double>(graph.max_links);
  const double start = costs.start_steps * walk_start_steps(links);
  const auto kept = [&](const Trial& trial) {
    return static_cast<double>(FilterPlanner(costs, {graph.num_nodes, trial.allowed[0].size(), kFilteredWalk,
                                                     kHits, graph.max_links})
                                   .filtered_graph(trial.share)
                                   .ef);
  };
  costs.one_hop_steps = (thick.distances - start) / (kept(thick) * filtered_steps(links, thick.share));
  costs.two_hop_steps = (thin.distances - start) / (kept(thin) * filtered_steps(links, thin.share));
  costs.two_hop_lists = (thin.lists / kept(thin) - 1) / (filtered_lists(links, thin.share) - 1);
  // Two walks, two unknowns: the time of a distance, and of a list.
  const double thick_time = thick.time() - costs.walk_start, thin_time = thin.time() - costs.walk_start;
  const double determinant = thick.distances * thin.lists - thin.distances * thick.lists;
  costs.links = (thick.distances * thin_time - thin.distances * thick_time) / determinant;
  costs.links = costs.bounded_by(graph.standard).links;
  costs.walk_distance = (thick_time + thin_time - costs.links * (thick.lists + thin.lists)) /
                        (thick.distances + thin.distances);
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
      // The first time brings near what fits, whoever ran before.
      ask(index, queries, context, *trial);
      trial->nanoseconds[round] = ask(index, queries, context, *trial);
    }
  }
  SearchCosts costs = graph.standard;
  fit_scan(trials, costs);
  fit_walk(trials, static_cast<double>(graph.max_links), costs);
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
