#include "whitney/search/symphonyqg_walk.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/symphonyqg_walk.cc"
#include <hwy/foreach_target.h>
// The kernels come after the loop over the levels.
#include "whitney/search/hnsw_kernels-inl.h"
#include "whitney/search/node_pool-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {

// Writes the estimates of a block's lanes; bit i of the result: that of lane i is not above `bound`.
HWY_INLINE uint32_t EstimateBlock(const LaneView& lanes, const LaneQuery& query, const uint8_t* block,
                                  float distance, float bound, float* out) {
  HWY_ALIGN uint32_t sums[kLanes];
  fast_scan_sums(block, lanes.block_bytes, 1, query.tables, sums);
  const auto* add = reinterpret_cast<const float*>(block + 4 * lanes.padded_dim);
  const float* rescale = add + kLanes;
  const hn::CappedTag<float, 16> d;
  const hn::RebindToSigned<decltype(d)> ints;
  const auto step = hn::Set(d, query.tables.step), base = hn::Set(d, query.tables.base + query.offset);
  const auto from_centre = hn::Set(d, distance), limit = hn::Set(d, bound);
  uint32_t near = 0;
  for (size_t i = 0; i < kLanes; i += hn::Lanes(d)) {
    const auto sum = hn::ConvertTo(d, hn::LoadU(ints, reinterpret_cast<const int32_t*>(sums) + i));
    const auto dot = hn::MulAdd(sum, step, base);
    const auto estimate =
        hn::MulAdd(hn::LoadU(d, rescale + i), dot, hn::Add(hn::LoadU(d, add + i), from_centre));
    hn::StoreU(estimate, d, out + i);
    uint8_t bits[8] = {};
    hn::StoreMaskBits(d, hn::Le(estimate, limit), bits);
    near |= (bits[0] | static_cast<uint32_t>(bits[1]) << 8) << i;
  }
  return near;
}

constexpr int64_t kPrefetchedRow = 512;
// What the lanes of a block take, in distances of a code: the bytes of some four codes, but in one run, where
// each distance waits for memory by itself.
constexpr int64_t kDistancesPerBlock = 2;

HWY_INLINE void PrefetchRow(const LaneView& lanes, uint32_t node, int64_t size_bytes) {
  const uint8_t* row = lanes.row(node);
  for (int64_t i = 0; i < HWY_MIN(lanes.stride, size_bytes); i += 64) hwy::Prefetch(row + i);
}

// Asks for what a visit reads: the node's block and the begin of its row; the hardware follows up on the
// rest.
HWY_INLINE void PrefetchVisit(const GraphView& graph, const LaneView& lanes, uint32_t node) {
  const uint8_t* block = graph.code(node);
  for (int64_t i = 0; i < graph.stride; i += 64) hwy::Prefetch(block + i);
  PrefetchRow(lanes, node, kPrefetchedRow);
}

// Asks for the nearest nodes that wait in the beam: one of them is visited next, unless a nearer one comes.
HWY_INLINE void PrefetchWaiting(const GraphView& graph, const LaneView& lanes, const NodePool& beam) {
  for (uint32_t i = beam.cursor; i < beam.size; ++i) {
    if ((beam.keys[i] & 1) != 0) continue;
    PrefetchVisit(graph, lanes, NodePool::node_of(beam.keys[i]));
    return;
  }
}

// Enters the lanes of `near` whose estimates count, where these are near enough still.
HWY_INLINE void EnterLanes(const GraphView& graph, const LaneView& lanes, uint32_t near,
                           const uint32_t* links, const float* estimates, LaneBeam& beam) {
  // First without branches: whether an estimate counts cannot be guessed.
  uint64_t lower[kLanes];
  size_t count = 0;
  for (; near != 0; near &= near - 1) {
    const int lane = std::countr_zero(near);
    const uint32_t node = links[lane];
    if (HWY_UNLIKELY(node >= graph.num_nodes)) fail_corrupt_graph();
    lower[count] = NodePool::key_of(estimates[lane], node);
    count += beam.counts(node, static_cast<uint32_t>(lower[count] >> 32)) ? 1 : 0;
  }
  NodePool& nodes = beam.nodes;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t key = lower[i], bound = nodes.bound();
    const uint32_t node = NodePool::node_of(key), estimate = static_cast<uint32_t>(key >> 32);
    // Links of a damaged file may name a node twice.
    if (key >= bound || !beam.counts(node, estimate)) continue;
    const uint32_t before = beam.note(node, estimate);
    const uint64_t old_key = static_cast<uint64_t>(before) << 32 | static_cast<uint32_t>(key);
    // The beam has it still where it did not fall out.
    const bool is_in = before != LaneBeam::kUnmet && old_key <= bound;
    const uint32_t place = is_in ? LowerKey(nodes, old_key, key) : InsertKey(nodes, key);
    // The next to be visited, unless a nearer one follows: a 20th of the time is saved.
    if (place == nodes.cursor) PrefetchVisit(graph, lanes, node);
  }
}

// Measures the nodes of the beam that were not visited: several at once, which costs a tenth of as many
// visits.
HWY_INLINE void MeasureRest(const GraphView& graph, const CodeQuery& query, const NodePool& beam,
                            WalkScratch& scratch) {
  if (scratch.batch.size() < beam.size) {
    scratch.batch.resize(beam.size);
    scratch.batch_distances.resize(beam.size);
  }
  int64_t count = 0;
  for (uint32_t i = 0; i < beam.size; ++i) {
    if ((beam.keys[i] & 1) == 0)
      scratch.batch[static_cast<size_t>(count++)] = NodePool::node_of(beam.keys[i]);
  }
  WalkDistances(graph, query, scratch.batch.data(), count, scratch.batch_distances.data());
  scratch.counters.distances += count;
  NodePool& found = scratch.pool;
  for (int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(i);
    const uint64_t key = NodePool::key_of(scratch.batch_distances[at], scratch.batch[at]);
    if (key < found.bound()) InsertKey(found, key);
  }
}

void WalkLanes(const GraphView& graph, const LaneView& lanes, const CodeQuery& query,
               const LaneQuery& lane_query, uint32_t start, int64_t ef, LaneBeam& beam,
               WalkScratch& scratch) {
  if (HWY_UNLIKELY(start >= graph.num_nodes)) fail_corrupt_graph();
  NodePool& nodes = beam.nodes;
  InsertKey(nodes, NodePool::key_of(0, start));
  NodePool& found = scratch.pool;
  HWY_ALIGN float estimates[kLanes];
  int64_t num_blocks = 0;
  while (true) {
    while (nodes.cursor < nodes.size && (nodes.keys[nodes.cursor] & 1) != 0) ++nodes.cursor;
    if (nodes.cursor >= std::min<int64_t>(nodes.size, ef)) break;
    uint64_t& taken = nodes.keys[nodes.cursor++];
    const uint32_t node = NodePool::node_of(taken);
    taken |= 1;
    beam.note(node, 0);
    PrefetchRow(lanes, node, lanes.stride);
    PrefetchWaiting(graph, lanes, nodes);
    const float distance = OneWalkDistance(graph, query, node);
    const uint64_t key = NodePool::key_of(distance, node);
    if (key < found.bound()) InsertKey(found, key);
    const uint32_t count = graph.head(node).count;
    if (HWY_UNLIKELY(count > 2 * graph.m)) fail_corrupt_graph();
    const uint32_t* links = graph.links(node);
    for (uint32_t first = 0; first < count; first += kLanes) {
      const float bound = nodes.size < nodes.capacity ? std::numeric_limits<float>::max()
                                                      : NodePool::distance_of(nodes.keys[nodes.capacity - 1]);
      const uint8_t* block = lanes.row(node) + first / kLanes * lanes.block_bytes;
      uint32_t near = EstimateBlock(lanes, lane_query, block, distance, bound, estimates);
      if (count - first < kLanes) near &= (uint32_t{1} << (count - first)) - 1;
      EnterLanes(graph, lanes, near, links + first, estimates, beam);
      scratch.counters.estimates += kLanes;
      ++num_blocks;
    }
    ++scratch.counters.distances;
    ++scratch.counters.hops;
    if (scratch.counters.distances + num_blocks * kDistancesPerBlock > scratch.most_distances) {
      scratch.is_spent = true;
      return;
    }
    if (scratch.is_over()) return;
  }
  MeasureRest(graph, query, nodes, scratch);
}

void EstimateNeighbours(const LaneView& lanes, const LaneQuery& lane_query, uint32_t node, float distance,
                        float* out) {
  for (int64_t b = 0; b < lanes.num_blocks; ++b)
    EstimateBlock(lanes, lane_query, lanes.row(node) + b * lanes.block_bytes, distance, 0, out + b * kLanes);
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
namespace {

HWY_EXPORT(WalkLanes);
HWY_EXPORT(EstimateNeighbours);

}  // namespace

void walk_lanes(const GraphView& graph, const LaneView& lanes, const CodeQuery& query,
                const LaneQuery& lane_query, uint32_t start, int64_t ef, LaneBeam& beam,
                WalkScratch& scratch) {
  HWY_DYNAMIC_DISPATCH(WalkLanes)(graph, lanes, query, lane_query, start, ef, beam, scratch);
}

void estimate_neighbours(const LaneView& lanes, const LaneQuery& lane_query, uint32_t node, float distance,
                         float* out) {
  HWY_DYNAMIC_DISPATCH(EstimateNeighbours)(lanes, lane_query, node, distance, out);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
