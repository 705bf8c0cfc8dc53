#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/parallel.h"
#include "whitney/graph/groups.h"
#include "whitney/graph/modularity.h"

namespace whitney::graph {
namespace {

// Communities in one task: fixed, so that rows come out the same at any number of threads.
constexpr int64_t kBlockCommunities = 256;

/// The rows of some communities, before they stand behind one another.
struct Rows {
  std::vector<int64_t> sizes;
  std::vector<uint32_t> neighbors;
  std::vector<double> weights;
};

class RowSummer {
 public:
  RowSummer(const ModularityGraph& graph, std::span<const uint32_t> labels, int64_t num_communities)
      : graph_(graph), labels_(labels), weight_to_(static_cast<size_t>(num_communities)) {}

  /// Appends the row of a community; gives the weight of the edges inside.
  double append(std::span<const uint32_t> members, uint32_t community, Rows& rows) {
    double inside = 0;
    touched_.clear();
    for (const uint32_t v : members) {
      inside += graph_.loop(v);
      for (int64_t e = graph_.offsets[v]; e < graph_.offsets[int64_t{v} + 1]; ++e) {
        const uint32_t other = labels_[graph_.neighbors[e]];
        if (weight_to_[other] == 0) touched_.push_back(other);
        weight_to_[other] += graph_.weights.empty() ? 1.0 : graph_.weights[e];
      }
    }
    const size_t before = rows.neighbors.size();
    for (const uint32_t other : touched_) {
      const double weight = std::exchange(weight_to_[other], 0);
      if (other == community) {
        inside += weight / 2;  // seen from both ends
        continue;
      }
      rows.neighbors.push_back(other);
      rows.weights.push_back(weight);
    }
    rows.sizes.push_back(static_cast<int64_t>(rows.neighbors.size() - before));
    return inside;
  }

 private:
  const ModularityGraph& graph_;
  std::span<const uint32_t> labels_;
  std::vector<double> weight_to_;
  std::vector<uint32_t> touched_;
};

void join_rows(std::vector<Rows>& blocks, int64_t num_communities, ModularityGraph& result) {
  Array<int64_t> offsets(num_communities + 1, 0);
  int64_t* starts = offsets.mutable_data();
  int64_t c = 0;
  for (const Rows& rows : blocks) {
    for (const int64_t size : rows.sizes) starts[c + 1] = starts[c] + size, ++c;
  }
  Array<uint32_t> neighbors(starts[num_communities]);
  Array<double> weights(starts[num_communities]);
  uint32_t* out = neighbors.mutable_data();
  double* out_weights = weights.mutable_data();
  for (Rows& rows : blocks) {
    out = std::ranges::copy(rows.neighbors, out).out;
    out_weights = std::ranges::copy(rows.weights, out_weights).out;
    rows = Rows();
  }
  result.offsets = std::move(offsets);
  result.neighbors = std::move(neighbors);
  result.weights = std::move(weights);
}

}  // namespace

ModularityGraph aggregate(const ModularityGraph& graph, std::span<const uint32_t> labels,
                          int64_t num_communities, const Context& context) {
  const Groups members = group(labels, num_communities);
  const int64_t num_blocks = (num_communities + kBlockCommunities - 1) / kBlockCommunities;
  ModularityGraph result;
  result.total_weight = graph.total_weight;
  result.loops.resize(static_cast<size_t>(num_communities));
  std::vector<Rows> blocks(static_cast<size_t>(num_blocks));
  std::vector<std::unique_ptr<RowSummer>> summers(static_cast<size_t>(context.num_threads()));
  parallel_for_workers(context, num_blocks, [&](int worker, int64_t block) {
    auto& summer = summers[static_cast<size_t>(worker)];
    if (summer == nullptr) summer = std::make_unique<RowSummer>(graph, labels, num_communities);
    const int64_t end = std::min(num_communities, (block + 1) * kBlockCommunities);
    for (int64_t c = block * kBlockCommunities; c < end; ++c) {
      result.loops[static_cast<size_t>(c)] =
          summer->append(members.of(c), static_cast<uint32_t>(c), blocks[static_cast<size_t>(block)]);
    }
  });
  join_rows(blocks, num_communities, result);
  result.x.assign(static_cast<size_t>(num_communities), 0);
  if (!graph.y.empty()) result.y.assign(static_cast<size_t>(num_communities), 0);
  for (size_t v = 0; v < labels.size(); ++v) {
    result.x[labels[v]] += graph.x[v];
    if (!graph.y.empty()) result.y[labels[v]] += graph.y[v];
  }
  return result;
}

}  // namespace whitney::graph
