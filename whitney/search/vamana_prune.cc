#include "whitney/search/vamana_prune.h"

#include <algorithm>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/vamana_prune.cc"
#include <hwy/foreach_target.h>
// The kernels come after the loop over the levels.
#include "whitney/search/hnsw_kernels-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {

// The distances of a node to up to 4 chosen ones.
HWY_INLINE void DistancesToFour(const GraphView& graph, uint32_t node, const CodeQuery* chosen, int64_t count,
                                float* out) {
  if (graph.exact_walk) {
    for (int64_t j = 0; j < count; ++j) out[j] = WalkDistance(graph, chosen[j], node);
    return;
  }
  const int8_t* queries[4];
  int32_t dots[4];
  for (int64_t j = 0; j < 4; ++j) queries[j] = chosen[HWY_MIN(j, count - 1)].codes;
  DotQueries(graph.code(node), queries, graph.padded_dim, dots);
  for (int64_t j = 0; j < count; ++j) out[j] = CodeDistance(chosen[j], graph.head(node), dots[j]);
}

// Compares candidate `at` with the chosen ones that it was not compared with, until one occludes it by more
// than `bar`; returns whether none does.
HWY_INLINE bool IsOpen(const GraphView& graph, uint64_t key, size_t at, float bar,
                       std::span<const CodeQuery> chosen, PruneScratch& scratch, WalkCounters& counters) {
  const float own = NodePool::distance_of(key);
  float& occlusion = scratch.occlusion[at];
  uint32_t& compared = scratch.compared[at];
  while (occlusion <= bar && compared < chosen.size()) {
    const int64_t count = HWY_MIN(int64_t{4}, static_cast<int64_t>(chosen.size() - compared));
    float distances[4];
    DistancesToFour(graph, NodePool::node_of(key), chosen.data() + compared, count, distances);
    counters.distances += count;
    compared += static_cast<uint32_t>(count);
    for (int64_t j = 0; j < count; ++j) {
      // A node at the same place as a chosen one is as near only when that holds for the base, too.
      if (distances[j] > 0)
        occlusion = HWY_MAX(occlusion, own / distances[j]);
      else if (own > 0)
        occlusion = std::numeric_limits<float>::infinity();
    }
  }
  return occlusion <= bar;
}

int64_t PruneRobustly(const GraphView& graph, std::span<const uint64_t> candidates, int64_t most,
                      double alpha, int8_t* buffer, PruneScratch& scratch, uint32_t* out,
                      WalkCounters& counters) {
  WHITNEY_CHECK(most <= kMaxListed, "a list of ", most, " links");
  scratch.occlusion.assign(candidates.size(), 0.0F);
  scratch.compared.assign(candidates.size(), 0U);
  scratch.is_chosen.assign(candidates.size(), uint8_t{0});
  CodeQuery chosen[kMaxListed];
  const int64_t query_bytes = node_query_bytes(graph);
  int64_t count = 0;
  const auto last_bar = static_cast<float>(alpha * alpha);
  for (float bar = 1;; bar = last_bar) {
    for (size_t at = 0; at < candidates.size() && count < most; ++at) {
      if (scratch.is_chosen[at] != 0) continue;
      const std::span<const CodeQuery> so_far(chosen, static_cast<size_t>(count));
      if (!IsOpen(graph, candidates[at], at, bar, so_far, scratch, counters)) continue;
      const uint32_t node = NodePool::node_of(candidates[at]);
      scratch.is_chosen[at] = 1;
      chosen[count] = query_of_node(graph, node, buffer + count * query_bytes);
      out[count++] = node;
    }
    if (bar >= last_bar || count == most) return count;
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(PruneRobustly);

}  // namespace

int64_t prune_robustly(const GraphView& graph, std::span<const uint64_t> candidates, int64_t most,
                       double alpha, int8_t* buffer, PruneScratch& scratch, uint32_t* out,
                       WalkCounters& counters) {
  return HWY_DYNAMIC_DISPATCH(PruneRobustly)(graph, candidates, most, alpha, buffer, scratch, out, counters);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
