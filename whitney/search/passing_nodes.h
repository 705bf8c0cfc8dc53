#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "whitney/search/filter_memo.h"
#include "whitney/search/hnsw_index.h"

namespace whitney::search {

/// The rows that may be returned, and the nodes of a graph that stand for them. What not every search needs
/// is made when it is first asked for, by any thread. The graph's rows must stay as they are.
class PassingNodes : public FilterMemo::Content {
 public:
  /// allowed: null: all live rows.
  PassingNodes(const HnswParts& parts, const RowSet* allowed);

  /// False where every live row may be returned.
  bool is_filtered() const { return is_filtered_; }
  /// Live rows that may be returned; unset without a filter.
  const RowSet& rows() const { return rows_; }
  int64_t num_rows() const { return num_rows_; }
  /// Of them, those without a node: zero vectors under cosine.
  int64_t num_zero() const { return num_zero_; }
  int64_t num_nodes() const { return num_nodes_; }

  /// Bits of the nodes, and of the rows; of a filter only.
  const uint64_t* node_bits() const;
  const uint64_t* row_bits() const;
  /// Ascending.
  std::span<const uint32_t> nodes() const;
  /// At most three of them, spread over the rows: where filtered walks begin besides.
  std::span<const uint32_t> starts() const;

  /// The share of passing nodes around nodes that pass, by four of them.
  double share_among() const;

  /// Nodes at even steps, the same for every query and so in cache: the nearest of them tells roughly where a
  /// query lies.
  static constexpr int64_t kMostLandmarks = 32;
  int64_t num_landmarks() const;
  uint32_t landmark(int64_t i) const;
  /// The share of passing nodes around it; of a filter only.
  double share_around_landmark(int64_t i) const;

  int64_t size_bytes() const override;

 private:
  void mark_rows() const;
  void mark_nodes() const;
  void list_nodes() const;
  void pick_starts() const;
  void look_among() const;

  const HnswParts& parts_;
  bool is_filtered_ = false;
  RowSet rows_;
  int64_t num_rows_ = 0, num_zero_ = 0, num_nodes_ = 0;
  mutable std::once_flag marked_, listed_, picked_, looked_;
  mutable std::vector<uint64_t> row_bits_, node_bits_;
  mutable std::vector<uint32_t> nodes_, starts_;
  mutable double share_among_ = 0;
  // Below 0: not looked at yet. Threads that look at once find the same.
  mutable std::array<std::atomic<double>, kMostLandmarks> landmark_shares_;
};

}  // namespace whitney::search
