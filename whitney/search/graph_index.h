#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/search/append_rows.h"
#include "whitney/search/hnsw_index.h"
#include "whitney/search/hnsw_request.h"
#include "whitney/search/planner_costs.h"

namespace whitney::search {

/// What indexes that are a graph of HnswParts (`hnsw`, `vamana`) tell alike; they differ in how they search,
/// repair and save it.
class GraphIndex : public Index {
 public:
  explicit GraphIndex(HnswParts parts) : parts_(std::move(parts)) {}

  Metric metric() const override { return parts_.metric; }
  int64_t dim() const override { return parts_.space.dim; }
  int64_t num_rows() const override { return parts_.rows.size(); }
  const RowSet& live() const override { return parts_.rows.live; }
  const Ids& ids() const override { return parts_.rows.ids; }
  const Attributes& attributes() const override { return parts_.rows.attributes; }
  const Value& record() const override { return parts_.rows.record; }
  int64_t size_bytes() const override { return parts_.graph.size_bytes() + parts_.nodes.size_bytes(); }

  std::vector<float> vector(int64_t row) const override {
    WHITNEY_CHECK(row >= 0 && row < num_rows(), "row ", row, " of ", num_rows());
    std::vector<float> result(static_cast<size_t>(dim()), 0.0F);
    const uint32_t node = parts_.nodes.node_of(static_cast<uint32_t>(row));
    if (node != kNoNode) parts_.space.decode(parts_.graph.view(), node, result.data());
    return result;
  }

  bool measure_plan_costs() override {
    const auto costs = measure_costs(*this, measured_graph(parts_));
    if (costs) parts_.costs = costs;
    return costs.has_value();
  }

  void add(const Embeddings& more, const Context& context) override {
    check_new_rows(parts_.rows, dim(), more, context);
    add_to_hnsw(parts_, more, context);
  }

 protected:
  HnswParts parts_;
  mutable ScratchPool scratch_pool_;
};

}  // namespace whitney::search
