#include "whitney/search/hnsw_request.h"

#include <algorithm>

#include "whitney/search/hnsw_scan.h"

namespace whitney::search {
namespace {

/// Distances that a walk without a filter was measured to take at most, roughly: fewer nodes are scanned.
int64_t most_distances_of(int64_t ef) { return 150 + 7 * ef; }

SearchCosts standard_costs(const HnswParts& parts) {
  const HnswGraph& graph = parts.graph;
  const auto dim = static_cast<double>(graph.dim);
  const int64_t full_bytes = graph.dim * static_cast<int64_t>(sizeof(float));
  const auto walk_bytes = graph.exact_walk
                              ? full_bytes
                              : code_bytes(graph.bits, graph.dim) + static_cast<int64_t>(sizeof(NodeHead));
  SearchCosts costs = SearchCosts::typical(walk_bytes, graph.exact_walk, graph.cap(0));
  if (codes_bound_distances(graph.view())) return costs;
  // A scan compares what the vectors decode to.
  costs.scan_row = SearchCosts::typical(full_bytes, true, graph.cap(0)).scan_row;
  if (codes_stand_alone(graph.precision))
    costs.scan_row = 5 + dim * (graph.precision == Precision::kLvq && graph.bits.second > 0 ? 0.4 : 0.2);
  costs.shared_row = costs.scan_row;
  // Signs take more instructions than their few bytes tell.
  if (graph.precision == Precision::kRabitq && !graph.exact_walk) {
    costs.walk_distance = 45 + 0.08 * dim;
    costs.plain_distance = 0.7 * costs.walk_distance;
  }
  return costs;
}

}  // namespace

MeasuredGraph measured_graph(const HnswParts& parts) {
  return {standard_costs(parts), parts.graph.num_nodes};
}

HnswRequest::HnswRequest(const HnswParts& parts, const SearchParams& params, int64_t num_together,
                         const GraphWalk* walk)
    : parts_(parts), graph_walk_(walk), k_(params.k) {
  const auto make = [&] { return std::make_shared<const PassingNodes>(parts, params.allowed); };
  passing_ =
      params.memo != nullptr && params.allowed != nullptr ? params.memo->get<PassingNodes>(make) : make();
  HnswSearchOptions options;
  if (const Value* given = params.options.find("ef")) options.ef = static_cast<int>(given->as_int());
  // The row to leave out takes a place of its own.
  ef_ = std::min(std::max<int64_t>(options.ef, std::min(k_, num_allowed()) + 1),
                 std::max<int64_t>(parts.graph.num_nodes, 1));
  choose(params, num_together);
}

void HnswRequest::mark() {
  row_bits_ = passing_->row_bits();
  node_bits_ = passing_->node_bits();
}

void HnswRequest::choose(const SearchParams& params, int64_t num_together) {
  const int64_t num_passing = passing_->num_nodes();
  const SearchCosts costs = parts_.costs ? *parts_.costs : standard_costs(parts_);
  FilterTask task{parts_.graph.num_nodes, num_passing, ef_, std::min(k_, num_passing), num_together, {}};
  planner_.emplace(costs, task);
  plan_ = params.plan;
  if (!is_filtered()) {
    scans_all_ = params.exact || num_passing <= most_distances_of(ef_);
    return;
  }
  if (!parts_.nodes.is_identity()) mark();  // there already
  scans_all_ =
      params.exact || num_passing == 0 || (plan_ ? *plan_ == FilterPlan::kScan : planner_->scan_is_best());
  if (scans_all_) return;
  mark();
  task.share_among = passing_->share_among();
  planner_.emplace(costs, task);
}

void SearchActuals::add(const SearchActuals& other) {
  distances += other.distances;
  exact_distances += other.exact_distances;
  hops += other.hops;
  lists += other.lists;
  scans += other.scans;
  estimates += other.estimates;
  switched += other.switched;
  nanoseconds += other.nanoseconds;
  for (size_t i = 0; i < plans.size(); ++i) plans[i] += other.plans[i];
  expected_distances += other.expected_distances;
  expected_nanoseconds += other.expected_nanoseconds;
  local_shares += other.local_shares;
  num_shares += other.num_shares;
}

void SearchActuals::expect(const PlanEstimate& estimate) {
  ++plans[static_cast<size_t>(estimate.plan)];
  expected_distances += estimate.distances;
  expected_nanoseconds += estimate.nanoseconds;
}

void SearchActuals::expect(const PlanEstimate& estimate, double local_share) {
  expect(estimate);
  local_shares += local_share;
  ++num_shares;
}

Value explain_search(const HnswRequest& request, const SearchActuals& actuals) {
  const auto name = [&](size_t plan) -> std::string_view {
    return request.is_filtered() || plan == 0 ? name_of(static_cast<FilterPlan>(plan)) : "graph";
  };
  const auto most = static_cast<size_t>(std::ranges::max_element(actuals.plans) - actuals.plans.begin());
  Value explained =
      Value::object({{"index", request.graph_walk() == nullptr ? "hnsw" : request.graph_walk()->name()},
                     {"plan", name(most)}});
  if (request.is_filtered()) {
    Value costs = Value::object({{"from", request.has_measured_costs() ? "measured" : "standard"}});
    const Value steps = request.planner().costs().to_value();
    for (const auto& [step, cost] : steps.as_object()) costs.set(step, cost);
    explained.set("costs", std::move(costs));
  }
  Value expected = Value::object({{"allowed", request.num_allowed()},
                                  {"distances", static_cast<int64_t>(actuals.expected_distances)},
                                  {"microseconds", actuals.expected_nanoseconds / 1000}});
  if (actuals.num_shares > 0)
    expected.set("local_share", actuals.local_shares / static_cast<double>(actuals.num_shares));
  explained.set("estimates", std::move(expected));
  Value spent = Value::object({{"allowed", request.num_allowed()},
                               {"distances", actuals.distances},
                               {"exact_distances", actuals.exact_distances},
                               {"hops", actuals.hops},
                               {"scans", actuals.scans}});
  if (request.graph_walk() != nullptr) spent.set("estimates", actuals.estimates);
  if (request.is_filtered()) spent.set("lists", actuals.lists).set("switched", actuals.switched);
  spent.set("microseconds", actuals.nanoseconds / 1000);
  explained.set("actuals", std::move(spent));
  // Queries may lie differently.
  if (std::ranges::count(actuals.plans, 0) == 1 || std::ranges::count(actuals.plans, 0) == 0) {
    Value plans = Value::object();
    for (size_t plan = 0; plan < actuals.plans.size(); ++plan) {
      if (actuals.plans[plan] > 0) plans.set(std::string(name(plan)), actuals.plans[plan]);
    }
    explained.set("plans", std::move(plans));
  }
  return explained;
}

}  // namespace whitney::search
