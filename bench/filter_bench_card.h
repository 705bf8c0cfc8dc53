#pragma once

#include <optional>
#include <string>
#include <vector>

namespace whitney::bench {

/// Recall@10 and distances per query at one ef.
struct WalkPoint {
  double recall = 0;
  double distances = 0;
};

/// What one rule of walking under a filter was measured to do at ef 20, 50, 100, 200 (those that were kept).
struct WalkRule {
  std::string name;
  std::vector<WalkPoint> points;
};

/// Rules of walking a plain HNSW graph (M 16, ef_construction 100) of MNIST's 60,000 images under a filter,
/// 300 queries: traverse-all as hnswlib does, one-hop, blind two-hop, and one-hop where at least 0.4 of the
/// neighbours pass, else blind two-hop.
struct FilterCase {
  std::string name;
  std::vector<WalkRule> rules;
};
const std::vector<FilterCase>& measured_rules();

/// Distances at a recall, between two points linear in recall and in the logarithm of the distances; nothing
/// when the recall is not reached, the first point's when that is above.
std::optional<double> distances_at(const std::vector<WalkPoint>& points, double recall);

/// The rule that takes the fewest distances to a recall of at least 0.95, and where it does.
struct BestRule {
  std::string name;
  WalkPoint point;
};
BestRule best_rule(const FilterCase& filter);

}  // namespace whitney::bench
