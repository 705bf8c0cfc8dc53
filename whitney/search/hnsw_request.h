#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "whitney/search/hnsw_index.h"
#include "whitney/search/passing_nodes.h"
#include "whitney/search/planner.h"
#include "whitney/search/planner_costs.h"

namespace whitney::search {

/// What a graph is to who measures its costs.
MeasuredGraph measured_graph(const HnswParts& parts);

/// What all queries of a search in a graph share: the rows and nodes that pass, and the planner.
class HnswRequest {
 public:
  /// num_together: queries that share a scan.
  HnswRequest(const HnswParts& parts, const SearchParams& params, int64_t num_together,
              const GraphWalk* walk);

  int64_t k() const { return k_; }
  int64_t ef() const { return ef_; }
  int64_t num_allowed() const { return passing_->num_rows(); }
  int64_t num_zero() const { return passing_->num_zero(); }
  bool is_filtered() const { return passing_->is_filtered(); }
  const GraphWalk* graph_walk() const { return graph_walk_; }
  const FilterPlanner& planner() const { return *planner_; }
  /// Whether the planner goes by what was measured for this index.
  bool has_measured_costs() const { return parts_.costs.has_value(); }

  /// A live row that may be returned; of the rows of a node, without looking at whether they are live.
  bool allows(uint32_t row) const {
    if (!is_filtered()) return true;
    return row_bits_ == nullptr ? passing_->rows().contains(row)
                                : (row_bits_[row >> 6] >> (row & 63) & 1) != 0;
  }
  bool is_candidate(uint32_t row) const {
    return is_filtered() ? allows(row) : parts_.rows.live.contains(row);
  }
  /// Bits of the nodes that pass, where walks may be asked for them.
  const uint64_t* passing() const { return node_bits_; }
  const PassingNodes& passing_set() const { return *passing_; }
  /// The nodes that pass, ascending; listed when first asked for.
  std::span<const uint32_t> passing_nodes() const { return passing_->nodes(); }
  /// Some of them, where filtered walks begin besides.
  std::span<const uint32_t> starts() const { return passing_->starts(); }

  /// True where every query is answered by a scan, wherever it lies.
  bool scans_all() const { return scans_all_; }
  /// A filtered walk that was asked for is not given up.
  bool is_forced() const { return plan_.has_value(); }
  /// The way of a query that this share of nodes around it pass.
  PlanEstimate plan_for(double local_share) const {
    return plan_ ? planner_->estimate(*plan_, local_share) : planner_->choose(local_share);
  }

 private:
  void choose(const SearchParams& params, int64_t num_together);
  void mark();

  const HnswParts& parts_;
  const GraphWalk* graph_walk_;
  int64_t k_ = 0, ef_ = 0;
  bool scans_all_ = false;
  std::shared_ptr<const PassingNodes> passing_;
  // Null as long as only scans ask.
  const uint64_t *row_bits_ = nullptr, *node_bits_ = nullptr;
  std::optional<FilterPlan> plan_;
  std::optional<FilterPlanner> planner_;
};

/// What queries came to, and what was expected of them.
struct SearchActuals {
  int64_t distances = 0, exact_distances = 0, hops = 0, lists = 0, scans = 0, estimates = 0;
  /// Walks that a scan took over.
  int64_t switched = 0;
  double nanoseconds = 0;
  /// By FilterPlan; without a filter the second is the walk.
  std::array<int64_t, 3> plans = {};
  double expected_distances = 0, expected_nanoseconds = 0;
  /// Shares of passing nodes around the queries that were asked for them.
  double local_shares = 0;
  int64_t num_shares = 0;

  void add(const SearchActuals& other);
  void expect(const PlanEstimate& estimate);
  /// Where the share of passing nodes around the query decided.
  void expect(const PlanEstimate& estimate, double local_share);
};

/// What `explain` says of them.
Value explain_search(const HnswRequest& request, const SearchActuals& actuals);

}  // namespace whitney::search
