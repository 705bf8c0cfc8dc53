#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/value.h"
#include "whitney/search/index.h"

namespace whitney::search {

// Which way a query under a filter goes: compares with the rows that pass, walks the graph and keeps what
// passes, or walks it as without a filter and drops what does not. The choice depends on the index, the
// filter and the queries of a call alone, never on a clock: the same question has the same answer everywhere.

/// What the steps of a search take, in nanoseconds of one thread; only their ratios choose a plan. Standard
/// ones, or those that were measured on a machine and are kept with an index.
struct SearchCosts {
  /// A scan: a row of the list, one that another query of the same scan has just met, and to begin and rank
  /// what the codes leave.
  double scan_row = 0, shared_row = 0, scan_start = 0;
  /// A walk: to begin and rank what it keeps, a distance with its share of the hop, under a filter and
  /// without, and the links of a node looked through for those that pass.
  double walk_start = 0, walk_distance = 0, plain_distance = 0, links = 0;
  /// Steps of walks in this graph. Distances: to begin, and for each of the nearest that a walk without a
  /// filter keeps. For each that a filtered one keeps where it keeps kMeasuredKept: distances, and lists of
  /// links that it looks through, where 10, 25, 50 and 80 percent of the nodes pass.
  double start_steps = 0, plain_steps = 0;
  double steps_10 = 0, steps_25 = 0, steps_50 = 0, steps_80 = 0;
  double lists_10 = 0, lists_25 = 0, lists_50 = 0, lists_80 = 0;

  /// As they were measured for packages, digits and descriptors of images (MNIST, DEEP), rounded, for codes
  /// of so many bytes (exact_walk: vectors) and so many links a node.
  static SearchCosts typical(int64_t row_bytes, bool exact_walk, int64_t max_links);
  /// Of a filtered walk that keeps so many where this share of nodes passes.
  double filtered_steps(double share, double kept) const;
  double filtered_lists(double share, double kept) const;
  /// The more a walk keeps, the more of what it meets it has met before, above all where few pass: what it
  /// takes in all for so many, in what it takes for one of kMeasuredKept.
  static constexpr double kMeasuredKept = 90;
  static double steps_of_kept(double share, double kept);
  static double lists_of_kept(double share, double kept);
  double walk(double num_distances, double num_links) const {
    return num_distances * walk_distance + num_links * links;
  }
  /// As costs_bounded_by, costs_to_value and costs_from_value say.
  SearchCosts bounded_by(const SearchCosts& standard) const;
  Value to_value() const;
  static std::optional<SearchCosts> from_value(const Value& value);
};

/// What all queries of a call share.
struct FilterTask {
  /// Nodes of the graph, and those that pass.
  int64_t num_nodes = 0, num_passing = 0;
  /// Nearest that a walk keeps, hits that are wanted.
  int64_t ef = 0, wanted = 0;
  /// Queries that share a scan.
  int64_t num_together = 1;
  /// The share of passing nodes around those that pass: more than elsewhere where a filter picks regions.
  /// Absent: as around the query.
  std::optional<double> share_among = std::nullopt;
};

/// One way, and what it is expected to take.
struct PlanEstimate {
  FilterPlan plan = FilterPlan::kScan;
  double nanoseconds = 0;
  double distances = 0;
  /// Lists of links looked through.
  double lists = 0;
  /// Nearest that the walk keeps.
  int64_t ef = 0;
  /// Far fewer pass around the query than in all.
  bool is_far = false;
};

/// Weighs the plans up.
class FilterPlanner {
 public:
  FilterPlanner(const SearchCosts& costs, const FilterTask& task) : costs_(costs), task_(task) {}
  const SearchCosts& costs() const { return costs_; }

  /// Of one query; never less for more passing rows.
  PlanEstimate scan() const;
  /// local_share: of the nodes around the query that pass.
  PlanEstimate filtered_graph(double local_share) const;
  PlanEstimate graph_then_filter(double local_share) const;
  PlanEstimate estimate(FilterPlan plan, double local_share) const;
  /// Of a walk without a filter.
  PlanEstimate graph() const;
  /// True where nobody need look where the query lies: a scan is the cheapest wherever it does, or is so
  /// short that looking would take a part of it that counts, and the cheapest unless very many pass around
  /// the query.
  bool scan_is_best() const;
  /// True where to look where a query lies takes a part of a scan that counts: a rougher look comes first.
  bool looks_roughly() const;
  /// True where a scan is the cheapest even if a fifth more pass around the query than around a node near
  /// it, as rough looks find.
  bool scan_is_best_near(double rough_share) const;
  /// The cheapest of the three, what follows upon too few hits taken in.
  PlanEstimate choose(double local_share) const;

  /// What a walk may take before a scan takes over, in distances: with fewer hits than are wanted, and in any
  /// case.
  double soft_budget(const PlanEstimate& estimate) const;
  double hard_budget(const PlanEstimate& estimate) const;
  /// Two walks that are both given up, at twice a scan each, and the scan: the most that a chosen plan takes,
  /// the descent to the bottom layer and the last hops aside.
  static constexpr double kMostScans = 5;

 private:
  double share() const;
  /// From 0, where rows that pass lie anywhere, to 1, where they lie among themselves: a filter of regions.
  double clustered() const;
  /// Where a filter picks regions and fewer pass around the query than in all, still fewer do nearer to it.
  double share_of_nearest(double local_share) const;
  /// How often a walk that drops what does not pass finds too few, so that one among those that pass follows.
  double missing_share(double local_share) const;
  /// What any walk takes before it keeps the first of the nearest.
  double beginning_of_walk() const;
  double cheapest_walk(double local_share) const;
  SearchCosts costs_;
  FilterTask task_;
};

/// "scan", "filtered graph", "graph, then filter".
std::string_view name_of(FilterPlan plan);

}  // namespace whitney::search
