#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/search/hnsw_codes.h"
#include "whitney/search/row_set.h"

namespace whitney::search {

/// Which node of the graph holds the vector of a row: rows of equal vectors share one.
class NodeRows {
 public:
  NodeRows() = default;
  /// node_of_row: kNoNode for rows that are not in the graph (zero vectors under cosine, removed rows).
  /// `live`: among them those that a search may return. Every node has a row.
  NodeRows(std::vector<uint32_t> node_of_row, int64_t num_nodes, const RowSet& live);

  int64_t num_rows() const { return num_rows_; }
  /// True when row i is node i for all of them.
  bool is_identity() const { return is_identity_; }
  uint32_t node_of(uint32_t row) const { return is_identity_ ? row : node_of_row_[row]; }
  std::vector<uint32_t> node_of_row() const;
  /// Live rows without a node, ascending.
  const std::vector<uint32_t>& zero_rows() const { return zero_rows_; }
  /// Calls visit(row) for the rows of a node, ascending, until it returns false.
  template <class Visit>
  void visit_rows(uint32_t node, const Visit& visit) const {
    if (is_identity_) {
      visit(node);
      return;
    }
    for (uint32_t i = starts_[node]; i < starts_[node + 1]; ++i) {
      if (!visit(rows_[i])) return;
    }
  }
  int64_t size_bytes() const;

 private:
  int64_t num_rows_ = 0;
  bool is_identity_ = true;
  std::vector<uint32_t> node_of_row_, starts_, rows_, zero_rows_;
};

/// Rows of a matrix, equal ones found.
struct DistinctRows {
  /// The rows that stand for a vector each, ascending.
  std::vector<uint32_t> first_rows;
  /// Row -> place in first_rows; kNoNode for zero vectors under cosine.
  std::vector<uint32_t> place_of_row;
};

/// Throws Error for a value that is NaN or infinite.
DistinctRows find_distinct(const PreparedRows& rows, Metric metric, const Context& context);

}  // namespace whitney::search
