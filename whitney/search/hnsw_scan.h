#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "whitney/search/deadline.h"
#include "whitney/search/hnsw_codes.h"

namespace whitney::search {

/// Between what the codes say of a distance and what the full vectors say, both in code space. Code and query
/// are rounded by at most so much, thus the roots of the two differ by at most `radius` (the triangle
/// inequality), and the float32 sums of both by what `relative` and `absolute` allow for.
struct CodeBounds {
  double radius = 0, relative = 0, absolute = 0;

  /// Of a query under the metric; Precision::kFloat bounds nothing.
  static CodeBounds of(const PreparedQuery& query, const CodeSpace& space);
  /// The largest of the one that goes with so much of the other.
  double widened(double distance) const;
};

/// Collects the nodes that may be among the nearest of a query, by estimates from codes: appends those below
/// a limit, and lowers the limit to what the `wanted` nearest estimates so far allow.
class CodeCandidates {
 public:
  struct Entry {
    float estimate;
    uint32_t node;
  };
  void reset(const CodeBounds& bounds, int64_t wanted);
  void offer(std::span<const uint32_t> nodes, const float* estimates);
  /// Ascending by estimate. None but these can be among the `wanted` nearest of what was offered.
  std::span<const Entry> finish();
  /// Whether a node of this estimate may be as near as one of that distance.
  bool may_enter(float estimate, double distance) const { return estimate <= bounds_.widened(distance); }

 private:
  void shrink();

  CodeBounds bounds_;
  size_t wanted_ = 0, capacity_ = 0;
  float limit_ = std::numeric_limits<float>::infinity();
  std::vector<Entry> entries_;
  std::vector<uint32_t> positions_;
};

/// A query of a scan.
struct ScanSlot {
  PreparedQuery query;
  CodeCandidates candidates;
};

/// What scans keep from query to query.
struct ScanScratch {
  std::vector<ScanSlot> slots;
  std::vector<float> estimates;
};

/// True where a scan of the codes finds the nearest exactly; elsewhere the full vectors have to be compared.
inline bool codes_bound_distances(const GraphView& graph) {
  return graph.precision != Precision::kFloat && !codes_stand_alone(graph.precision) && !graph.exact_walk;
}

/// Offers some nodes to the candidates of each slot, by their codes: block by block, so that all queries meet
/// a block while it is near. Returns how many nodes it came to: all, or fewer where the deadline passed.
int64_t scan_codes(const GraphView& graph, std::span<const uint32_t> nodes, std::span<ScanSlot> slots,
                   const Deadline& deadline, std::vector<float>& estimates);

}  // namespace whitney::search
