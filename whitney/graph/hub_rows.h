#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// Tells at a single look whether an edge leads from one node to another where one of them has many edges: a
/// row of n bits for each of the nodes of most edges, as many as fit into `budget_bytes`. No row takes more
/// than eight times the memory of the list of targets that it stands for. Walks meet these nodes most, and
/// their lists are the longest to search.
class WHITNEY_API HubRows {
 public:
  /// No rows.
  HubRows() = default;
  /// The graph's targets ascend in each row. Equal degrees: lower numbers first. O(n + nnz).
  HubRows(const Graph& graph, int64_t budget_bytes);

  /// Where the answer stands: a bit of `word`; nowhere when it is null.
  struct Bit {
    const uint64_t* word = nullptr;
    uint32_t place = 0;
    bool is_set() const { return (*word >> place & 1) != 0; }
  };
  /// There must be rows.
  Bit bit_of(uint32_t from, uint32_t to) const {
    const int32_t of_from = row_of_[from], of_to = row_of_[to];
    const bool forwards = of_from >= 0;
    const int32_t row = forwards ? of_from : backwards_ ? of_to : -1;
    const uint32_t column = forwards ? to : from;
    if (row < 0) return {};
    return {bits_.data() + row * num_words_ + column / 64, column % 64};
  }

  bool empty() const { return bits_.empty(); }
  int64_t num_rows() const { return num_words_ == 0 ? 0 : static_cast<int64_t>(bits_.size()) / num_words_; }
  int64_t size_bytes() const {
    return static_cast<int64_t>(bits_.size() * sizeof(uint64_t) + row_of_.size() * sizeof(int32_t));
  }

 private:
  /// Words of a row.
  int64_t num_words_ = 0;
  /// Whether the row of an edge's end tells of it as well.
  bool backwards_ = false;
  /// Of each node, -1: none.
  std::vector<int32_t> row_of_;
  std::vector<uint64_t> bits_;
};

}  // namespace whitney::graph
