#include "whitney/search/hnsw_graph.h"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "whitney/codec/lvq.h"
#include "whitney/core/error.h"
#include "whitney/linalg/code_scores.h"
#include "whitney/search/graph_rabitq.h"

namespace whitney::search {
namespace {

constexpr int64_t kLine = 64;

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

/// Gives `array` room for `needed` values, of which the first `used` are kept; grows by a quarter, so that
/// adding one by one stays cheap, but takes exactly what a bulk build asks for.
template <class T>
void reserve(Array<T>& array, int64_t used, int64_t needed) {
  if (array.size() >= needed) return;
  const int64_t size = used == 0 ? needed : std::max(needed, used + used / 4);
  Array<T> grown;
  if constexpr (sizeof(T) == 1) {
    grown = allocate_for_walks(size);
  } else {
    grown = Array<T>(size);
  }
  if (used > 0) std::memcpy(grown.mutable_data(), array.data(), static_cast<size_t>(used) * sizeof(T));
  array = std::move(grown);
}

}  // namespace

int64_t detail_bytes(Precision precision, CodeBits bits, int64_t dim) {
  switch (precision) {
    case Precision::kInteger:
      return 0;
    // A plane of the higher 16 bits, which wants even addresses, then one of the lower 8.
    case Precision::kFixed:
      return round_up(3 * dim, 2);
    case Precision::kFloat:
      return 4 * dim;
    case Precision::kLvq:
      return bits.second == 0 ? 0 : packed_code_bytes(dim, bits.second);
    case Precision::kRabitq:
      return rabitq_detail_bytes(dim, bits.second);
  }
  return 0;
}

int64_t code_bytes(CodeBits bits, int64_t dim) {
  return bits.first == 1 ? rabitq_sign_bytes(dim) : packed_code_bytes(dim, bits.first);
}

void fail_corrupt_graph() {
  throw Error(
      "the graph of this index is corrupt: a link points outside it (`whitney inspect --verify` tells which "
      "part of the "
      "file changed)");
}

Array<uint8_t> allocate_for_walks(int64_t size_bytes) {
  Array<uint8_t> result(size_bytes);
  constexpr int64_t kHugePage = int64_t{2} << 20;
  uint8_t* data = result.mutable_data();
  const auto past = static_cast<int64_t>(reinterpret_cast<uintptr_t>(data) % kHugePage);
  const int64_t first = past == 0 ? 0 : kHugePage - past;
  const int64_t last = (past + size_bytes) / kHugePage * kHugePage - past;
  // Only advice: where it is refused the walk is slower, not wrong.
  if (first < last) (void)madvise(data + first, static_cast<size_t>(last - first), MADV_HUGEPAGE);
  return result;
}

HnswGraph::HnswGraph(int64_t dim_, int64_t m_, Precision precision_, CodeBits bits_)
    : dim(dim_), m(m_), precision(precision_), bits(bits_) {}

int64_t HnswGraph::head_offset() const {
  return round_up(code_bytes(bits, dim), static_cast<int64_t>(sizeof(NodeHead)));
}

int64_t HnswGraph::stride() const {
  const int64_t used = head_offset() + static_cast<int64_t>(sizeof(NodeHead) + sizeof(uint32_t) * 2 * m);
  return round_up(std::max(used, round_up(code_bytes(bits, dim), kLine)), kLine);
}

GraphView HnswGraph::view() const {
  GraphView view;
  view.blocks = blocks.data();
  view.stride = stride();
  view.head_offset = head_offset();
  view.dim = dim;
  const int64_t half = (dim + 1) / 2;
  view.padded_dim = bits.first == 4 ? 2 * round_up(half, kLine) : round_up(dim, kLine);
  view.bits = bits;
  view.num_nodes = static_cast<uint32_t>(num_nodes);
  view.m = static_cast<uint32_t>(m);
  view.details = details.data();
  view.detail_stride = detail_stride();
  view.precision = precision;
  view.exact_walk = exact_walk;
  view.walk_unit = walk_unit;
  view.upper_start = upper_start.data();
  view.levels = levels.data();
  view.upper = upper.data();
  view.upper_size = upper_used;
  return view;
}

int64_t HnswGraph::size_bytes() const {
  return blocks.size() + details.size() + levels.size() + 4 * (upper_start.size() + upper.size());
}

void HnswGraph::check_links() const {
  const GraphView view_of_all = view();
  int64_t words = 0;
  for (uint32_t node = 0; node < num_nodes; ++node) {
    const int level = levels[node];
    const uint32_t start = level == 0 ? kNoNode : static_cast<uint32_t>(words);
    words += level * (m + 1);
    if (level > kMaxLevel || level > top_level || words > upper_used || upper_start[node] != start)
      fail_corrupt_graph();
    if (precision == Precision::kLvq && !codec::read_lvq_grid(view_of_all.grid(node)).is_finite())
      fail_corrupt_graph();
    if (precision == Precision::kRabitq && !std::isfinite(rabitq_factor(view_of_all.detail(node))))
      fail_corrupt_graph();
    for (int layer = 0; layer <= level; ++layer) {
      for (const uint32_t link : links(node, layer)) {
        if (link >= num_nodes || link == node || levels[link] < layer) fail_corrupt_graph();
      }
    }
  }
}

void HnswGraph::append(std::span<const uint8_t> new_levels) {
  const auto more = static_cast<int64_t>(new_levels.size());
  const int64_t total = num_nodes + more;
  if (total > kMaxNodes) fail("an HNSW index holds at most ", kMaxNodes, " different vectors");
  reserve(blocks, num_nodes * stride(), total * stride());
  reserve(details, num_nodes * detail_stride(), total * detail_stride());
  reserve(levels, num_nodes, total);
  reserve(upper_start, num_nodes, total);
  int64_t words = upper_used;
  for (const uint8_t level : new_levels) words += level * (m + 1);
  if (words >= int64_t{kNoNode}) fail("the upper layers of the graph outgrow 32 bits; a larger m needs less");
  reserve(upper, upper_used, words);
  make_writable();
  if (more == 0) return;
  std::memset(blocks_data_ + num_nodes * stride(), 0, static_cast<size_t>(more * stride()));
  // Rows of details end in bytes that nothing fills: they go into the file.
  if (detail_stride() > 0) {
    std::memset(details_data_ + num_nodes * detail_stride(), 0, static_cast<size_t>(more * detail_stride()));
  }
  uint8_t* level_data = levels.mutable_data();
  uint32_t* start_data = upper_start.mutable_data();
  for (int64_t i = 0; i < more; ++i) {
    const uint8_t level = new_levels[static_cast<size_t>(i)];
    level_data[num_nodes + i] = level;
    start_data[num_nodes + i] = level == 0 ? kNoNode : static_cast<uint32_t>(upper_used);
    upper_used += level * (m + 1);
  }
  for (int64_t i = 0; i < more; ++i) {
    const uint8_t level = new_levels[static_cast<size_t>(i)];
    if (level == 0) continue;
    std::memset(upper_data_ + start_data[num_nodes + i], 0,
                static_cast<size_t>(level * (m + 1)) * sizeof(uint32_t));
  }
  num_nodes = total;
}

std::vector<uint32_t> HnswGraph::keep_nodes(std::span<const uint8_t> dead, bool drop_links) {
  make_writable();
  std::vector<uint32_t> numbers(static_cast<size_t>(num_nodes), kNoNode);
  uint8_t* level_data = levels.mutable_data();
  uint32_t* start_data = upper_start.mutable_data();
  uint32_t kept = 0;
  int64_t words = 0;
  for (uint32_t node = 0; node < num_nodes; ++node) {
    if (dead[node] != 0) continue;
    numbers[node] = kept;
    const int64_t size = level_data[node] * (m + 1);
    if (size > 0)
      std::memmove(upper_data_ + words, upper_data_ + start_data[node], static_cast<size_t>(size) * 4);
    level_data[kept] = level_data[node];
    start_data[kept] = size > 0 ? static_cast<uint32_t>(words) : kNoNode;
    words += size;
    if (kept != node) {
      std::memcpy(code(kept), code(node), static_cast<size_t>(stride()));
      if (detail_stride() > 0) std::memcpy(detail(kept), detail(node), static_cast<size_t>(detail_stride()));
    }
    ++kept;
  }
  num_nodes = kept;
  upper_used = words;
  std::vector<uint32_t> list;
  for (uint32_t node = 0; node < kept; ++node) {
    for (int layer = 0; layer <= level_data[node]; ++layer) {
      list.clear();
      if (!drop_links) {
        for (const uint32_t link : links(node, layer)) list.push_back(numbers[link]);
      }
      set_links(node, layer, list);
    }
  }
  entry = entry == kNoNode || drop_links ? kNoNode : numbers[entry];
  if (entry == kNoNode) top_level = -1;
  return numbers;
}

void HnswGraph::make_writable() {
  blocks_data_ = blocks.mutable_data();
  details_data_ = details.mutable_data();
  levels.mutable_data();
  upper_start.mutable_data();
  upper_data_ = upper.mutable_data();
}

std::span<const uint32_t> HnswGraph::links(uint32_t node, int layer) const {
  if (node >= num_nodes) fail_corrupt_graph();
  const uint32_t* list = nullptr;
  uint32_t count = 0;
  if (layer == 0) {
    const uint8_t* head_bytes = blocks.data() + static_cast<int64_t>(node) * stride() + head_offset();
    count = reinterpret_cast<const NodeHead*>(head_bytes)->count;
    list = reinterpret_cast<const uint32_t*>(head_bytes + sizeof(NodeHead));
  } else {
    const int64_t start = static_cast<int64_t>(upper_start[node]) + (layer - 1) * (m + 1);
    if (layer > levels[node] || start + m + 1 > upper_used) fail_corrupt_graph();
    count = upper[start];
    list = upper.data() + start + 1;
  }
  if (count > cap(layer)) fail_corrupt_graph();
  return {list, count};
}

void HnswGraph::set_links(uint32_t node, int layer, std::span<const uint32_t> new_links) {
  WHITNEY_CHECK(static_cast<int64_t>(new_links.size()) <= cap(layer), "a list of ", new_links.size(),
                " links");
  uint32_t* list = nullptr;
  if (layer == 0) {
    NodeHead& node_head = head(node);
    node_head.count = static_cast<uint32_t>(new_links.size());
    list = reinterpret_cast<uint32_t*>(&node_head + 1);
  } else {
    uint32_t* start = upper_data_ + upper_start[node] + (layer - 1) * (m + 1);
    *start = static_cast<uint32_t>(new_links.size());
    list = start + 1;
  }
  if (!new_links.empty()) std::memmove(list, new_links.data(), new_links.size_bytes());
}

}  // namespace whitney::search
