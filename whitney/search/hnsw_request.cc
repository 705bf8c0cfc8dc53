#include "whitney/search/hnsw_request.h"

#include <algorithm>
#include <bit>
#include <numeric>

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
    : parts_(parts), graph_walk_(walk), k_(params.k), num_allowed_(parts.rows.live.size()) {
  num_zero_ = std::ssize(parts.nodes.zero_rows());
  num_passing_ = parts.graph.num_nodes;
  if (params.allowed != nullptr) allow(*params.allowed);
  HnswSearchOptions options;
  if (const Value* given = params.options.find("ef")) options.ef = static_cast<int>(given->as_int());
  // The row to leave out takes a place of its own.
  ef_ = std::min(std::max<int64_t>(options.ef, std::min(k_, num_allowed_) + 1),
                 std::max<int64_t>(parts.graph.num_nodes, 1));
  choose(params, num_together);
}

void HnswRequest::allow(const RowSet& allowed) {
  const RowSet& live = parts_.rows.live;
  const int64_t num_rows = parts_.rows.size(), num_given = allowed.size();
  const bool all_live =
      live.size() == num_rows && (num_given == 0 || allowed.select(num_given - 1) < num_rows);
  allowed_ = all_live ? allowed : allowed & live;
  num_allowed_ = allowed_.size();
  is_filtered_ = num_allowed_ < live.size();
  num_passing_ = is_filtered_ ? num_allowed_ : num_passing_;
}

void HnswRequest::mark_nodes() {
  row_bits_ = allowed_.bits(parts_.rows.size());
  if (parts_.nodes.is_identity()) return;
  num_zero_ = std::ranges::count_if(parts_.nodes.zero_rows(), [&](uint32_t row) { return allows(row); });
  node_bits_.assign(static_cast<size_t>((parts_.graph.num_nodes + 63) / 64), 0);
  num_passing_ = 0;
  for (const uint32_t row : allowed_.rows()) {
    const uint32_t node = parts_.nodes.node_of(row);
    if (node == kNoNode) continue;
    uint64_t& word = node_bits_[node >> 6];
    const uint64_t bit = uint64_t{1} << (node & 63);
    num_passing_ += (word & bit) == 0;
    word |= bit;
  }
}

void HnswRequest::choose(const SearchParams& params, int64_t num_together) {
  if (is_filtered_ && !parts_.nodes.is_identity()) mark_nodes();
  const HnswGraph& graph = parts_.graph;
  planner_.emplace(parts_.costs ? *parts_.costs : standard_costs(parts_),
                   FilterTask{graph.num_nodes, num_passing_, ef_, std::min(k_, num_passing_), num_together});
  plan_ = params.plan;
  if (!is_filtered_) {
    scans_all_ = params.exact || num_passing_ <= most_distances_of(ef_);
    return;
  }
  scans_all_ =
      params.exact || num_passing_ == 0 || (plan_ ? *plan_ == FilterPlan::kScan : planner_->scan_is_best());
  if (scans_all_) return;
  if (row_bits_.empty()) mark_nodes();
  for (const int64_t at : {num_allowed_ / 6, num_allowed_ / 2, num_allowed_ * 5 / 6}) {
    const uint32_t node = parts_.nodes.node_of(allowed_.select(at));
    if (node != kNoNode) starts_.push_back(node);
  }
}

std::span<const uint32_t> HnswRequest::passing_nodes() const {
  std::call_once(listed_, [&] {
    if (!is_filtered_) {
      passing_nodes_.resize(static_cast<size_t>(parts_.graph.num_nodes));
      std::iota(passing_nodes_.begin(), passing_nodes_.end(), 0u);
      return;
    }
    if (parts_.nodes.is_identity()) {
      passing_nodes_ = allowed_.rows();
      return;
    }
    for (size_t word = 0; word < node_bits_.size(); ++word) {
      for (uint64_t left = node_bits_[word]; left != 0; left &= left - 1)
        passing_nodes_.push_back(static_cast<uint32_t>(word * 64) +
                                 static_cast<uint32_t>(std::countr_zero(left)));
    }
  });
  return passing_nodes_;
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
