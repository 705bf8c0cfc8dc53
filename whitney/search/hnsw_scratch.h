#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "whitney/search/deadline.h"
#include "whitney/search/hnsw_codes.h"
#include "whitney/search/hnsw_graph.h"
#include "whitney/search/hnsw_scan.h"

namespace whitney::search {

/// The `ef` nearest nodes found so far, ascending by (distance, node): results and candidates in one. A node
/// that falls out could not have been expanded any more, so this walks as the two heaps of the paper do; a
/// sorted run of 8-byte keys is faster than heaps at the sizes of ef.
struct NodePool {
  /// distance's bits << 32 | node << 1 | expanded. Distances are not negative, so their bits order like they
  /// do.
  std::vector<uint64_t> keys;
  uint32_t size = 0;
  uint32_t capacity = 0;
  /// The first entry that may not be expanded yet.
  uint32_t cursor = 0;
  /// So many of the nearest are expanded, the others only kept.
  uint32_t reach = 0;

  /// What stands behind the entries, so that whole vectors of them can be compared: a key above all.
  static constexpr uint64_t kNoKey = ~uint64_t{0} >> 1;
  static constexpr size_t kSpare = 9;

  void reset(int64_t ef) {
    capacity = reach = static_cast<uint32_t>(ef);
    if (keys.size() < capacity + kSpare) keys.resize(capacity + kSpare);
    std::fill_n(keys.begin(), capacity + kSpare, kNoKey);
    size = cursor = 0;
  }
  static float distance_of(uint64_t key) {
    const auto bits = static_cast<uint32_t>(key >> 32);
    float distance = 0;
    std::memcpy(&distance, &bits, sizeof(distance));
    return distance;
  }
  static uint32_t node_of(uint64_t key) { return static_cast<uint32_t>(key) >> 1; }
  static uint64_t key_of(float distance, uint32_t node) {
    const float positive = distance > 0 ? distance : 0.0F;
    uint32_t bits = 0;
    std::memcpy(&bits, &positive, sizeof(bits));
    return (static_cast<uint64_t>(bits) << 32) | (static_cast<uint64_t>(node) << 1);
  }
  /// What a key must be below to enter.
  uint64_t bound() const { return size < capacity ? ~uint64_t{0} : keys[capacity - 1]; }

  /// Enters a key below the bound; returns its place.
  uint32_t insert(uint64_t key) {
    uint64_t* data = keys.data();
    // Without branches: half of them would be guessed wrong, which took most of a walk's time.
    uint32_t low = 0;
    for (uint32_t left = size; left > 0;) {
      const uint32_t half = (left + 1) / 2;
      low += half & (0U - static_cast<uint32_t>(data[low + half - 1] < key));
      left -= half;
    }
    const uint32_t last = size < capacity ? size : capacity - 1;
    std::memmove(data + low + 1, data + low, (last - low) * sizeof(uint64_t));
    data[low] = key;
    size = last + 1;
    if (low < cursor) cursor = low;
    return low;
  }
};

/// Which nodes a walk has met: a bit per node, and the list of those set, so that clearing costs what was
/// visited. A bit a node keeps 60,000 nodes within 8 KB of the first cache.
struct VisitedSet {
  std::vector<uint64_t> bits;
  std::vector<uint32_t> nodes;
  size_t count = 0;

  void fit(int64_t num_nodes) {
    const auto words = static_cast<size_t>((num_nodes + 63) / 64);
    if (bits.size() < words) bits.resize(words, 0);
  }
  /// Makes room to meet `more` nodes without a check.
  void reserve(size_t more) {
    if (nodes.size() < count + more) nodes.resize((count + more) * 2);
  }
  /// Holds some nodes and no others.
  const VisitedSet& hold(std::span<const uint32_t> some) {
    clear();
    reserve(some.size());
    for (const uint32_t node : some) meet(node);
    return *this;
  }
  bool has(uint32_t node) const { return ((bits[node >> 6] >> (node & 63)) & 1) != 0; }
  /// Marks a node; false when it was. Within the room that is reserved.
  bool meet(uint32_t node) {
    if (has(node)) return false;
    bits[node >> 6] |= uint64_t{1} << (node & 63);
    nodes[count++] = node;
    return true;
  }
  void clear() {
    for (size_t i = 0; i < count; ++i) bits[nodes[i] >> 6] = 0;
    count = 0;
  }
};

struct WalkCounters {
  int64_t distances = 0;
  int64_t hops = 0;
  /// Lists of links that filtered walks looked through.
  int64_t lists = 0;
  /// Distances of neighbours told from their codes alone.
  int64_t estimates = 0;
};

/// What the walk of another index over the same nodes keeps besides.
struct ExtraScratch {
  virtual ~ExtraScratch() = default;
};

/// What one walk needs besides the graph; kept, so that a query allocates nothing.
struct WalkScratch {
  NodePool pool;
  VisitedSet visited;
  std::vector<uint32_t> batch;
  std::vector<float> batch_distances;
  PreparedQuery query;
  std::vector<float> row;
  WalkCounters counters;
  /// Filtered walks: nodes whose neighbours are all met.
  std::vector<uint32_t> first_hop;
  std::unique_ptr<ExtraScratch> extra;
  ScanScratch scan;
  /// When walks end early, and that one did; how many distances counters may come to in a walk of one layer,
  /// and that it was left at that.
  Deadline deadline;
  bool is_stopped = false;
  int64_t most_distances = INT64_MAX;
  bool is_spent = false;

  /// Whether the deadline ends the walk: looks at the clock at every eighth hop.
  bool is_over() {
    if (!deadline.at || (counters.hops & 7) != 0) return false;
    return is_stopped = deadline.is_past();
  }
  void fit(const GraphView& graph) {
    visited.fit(graph.num_nodes);
    const size_t links = static_cast<size_t>(graph.m) * 2;
    if (batch.size() < 2 * links + 8) {
      batch.resize(2 * links + 8);
      batch_distances.resize(2 * links + 8);
      first_hop.resize(links);
    }
  }
};

/// Keeps the scratch of finished searches for the next ones.
class ScratchPool {
 public:
  std::unique_ptr<WalkScratch> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<WalkScratch>();
    std::unique_ptr<WalkScratch> scratch = std::move(free_.back());
    free_.pop_back();
    return scratch;
  }
  void give(std::unique_ptr<WalkScratch> scratch) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<WalkScratch>> free_;
};

}  // namespace whitney::search
