#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/array.h"

namespace whitney::search {

inline constexpr uint32_t kNoNode = 0xFFFFFFFFu;
/// A node of the walk's pool is packed with a flag into 32 bits.
inline constexpr int64_t kMaxNodes = (int64_t{1} << 31) - 2;
/// 128^2 times the width fits an int32: the norm of a code.
inline constexpr int64_t kMaxCodedDim = 32'768;
/// The largest M, and so the most links of a list on layer 0.
inline constexpr int64_t kMaxM = 256;
inline constexpr int64_t kMaxListed = 2 * kMaxM;
/// Levels are drawn with M >= 2, so that 2^31 nodes stay below.
inline constexpr int kMaxLevel = 48;

/// What stands between the code of a node and its links on layer 0.
struct NodeHead {
  /// Sum of squares and sum of the code's values, each taken as code - 128. Precision::kLvq: the bits of the
  /// float32 sum of squares of the decoded values, and of the offset and step of the grid, float16 both.
  /// Precision::kRabitq: the bits of the two numbers of RabitqHead.
  int32_t norm;
  int32_t sum;
  /// The coordinate that turns an inner product into a distance, in code units; 0 for the other metrics.
  float extra;
  /// Links in use.
  uint32_t count;
};

/// How much of a vector is kept beside its 8-bit code.
enum class Precision : uint8_t {
  /// Nothing: the values are integers that the code holds exactly.
  kInteger,
  /// 24 further bits of fixed point: with the code 32 bits a value, as much as float32.
  kFixed,
  /// The float32 itself: heavy tails, which a fixed point would not serve.
  kFloat,
  /// Codes of LVQ, and beside them their second level if there is one.
  kLvq,
  /// RaBitQ: signs of the turned values, and their second level (see graph_rabitq.h).
  kRabitq
};
/// True where codes are on a grid or have factors of their own, not those of all vectors.
inline bool codes_stand_alone(Precision precision) {
  return precision == Precision::kLvq || precision == Precision::kRabitq;
}

/// Bits of a value in the code, and in the second level of LVQ and RaBitQ (0: there is none).
struct CodeBits {
  int first = 8;
  int second = 0;
  friend bool operator==(const CodeBits&, const CodeBits&) = default;
};

/// The raw memory of a graph, as the kernels see it.
///
/// Block of a node, `stride` bytes: [code | pad | NodeHead | 2M links]. A hop reads the head and the links, a
/// distance the code and the head, so one run of cache lines serves both. A code is a byte a value; of 4 bits
/// two values a byte, as pack_codes lays them; of 1 bit eight, the first the lowest.
struct GraphView {
  const uint8_t* blocks = nullptr;
  int64_t stride = 0;
  int64_t head_offset = 0;
  int64_t dim = 0;
  /// Values of a query: `dim` rounded up to whole vectors of 64 bytes; zeros beyond `dim`. Of codes of 4 bits
  /// each half of the values is rounded up by itself (see padded_place).
  int64_t padded_dim = 0;
  CodeBits bits;
  uint32_t num_nodes = 0;
  uint32_t m = 0;
  /// Bytes beside the code; see Precision.
  const uint8_t* details = nullptr;
  int64_t detail_stride = 0;
  Precision precision = Precision::kInteger;
  /// Walks compare the full vectors: the codes are too coarse to tell neighbours apart.
  bool exact_walk = false;
  float walk_unit = 1;
  /// Layers above 0: node -> first word of its lists in `upper`, kNoNode for nodes of layer 0 only; a list is
  /// a count and M links.
  const uint32_t* upper_start = nullptr;
  const uint8_t* levels = nullptr;
  const uint32_t* upper = nullptr;
  int64_t upper_size = 0;

  const uint8_t* code(uint32_t node) const { return blocks + static_cast<int64_t>(node) * stride; }
  const NodeHead& head(uint32_t node) const {
    return *reinterpret_cast<const NodeHead*>(code(node) + head_offset);
  }
  /// Precision::kLvq: where the grid of a node's code stands (codec::read_lvq_grid).
  const uint8_t* grid(uint32_t node) const { return reinterpret_cast<const uint8_t*>(&head(node).sum); }
  const uint32_t* links(uint32_t node) const {
    return reinterpret_cast<const uint32_t*>(code(node) + head_offset + sizeof(NodeHead));
  }
  const uint8_t* detail(uint32_t node) const { return details + static_cast<int64_t>(node) * detail_stride; }
};

/// Bytes of a node as a query (see query_of_node).
inline int64_t node_query_bytes(const GraphView& graph) {
  return graph.exact_walk ? graph.padded_dim * static_cast<int64_t>(sizeof(float)) : graph.padded_dim;
}

/// Where a query holds value i.
inline int64_t padded_place(const CodeBits& bits, int64_t dim, int64_t padded_dim, int64_t i) {
  const int64_t half = (dim + 1) / 2;
  return bits.first != 4 || i < half ? i : padded_dim / 2 + i - half;
}

/// Bytes of the code of a vector, and beside it.
int64_t code_bytes(CodeBits bits, int64_t dim);
int64_t detail_bytes(Precision precision, CodeBits bits, int64_t dim);

/// Throws Error: a link, a count or a start points outside the graph (a corrupt file).
[[noreturn]] void fail_corrupt_graph();

/// Nodes, codes and links. Arrays may be longer than what is in use (room to grow) or views of a mapped file.
struct HnswGraph {
  HnswGraph() = default;
  HnswGraph(HnswGraph&&) noexcept = default;
  HnswGraph& operator=(HnswGraph&&) noexcept = default;
  /// An empty graph; the width and M decide the layout.
  HnswGraph(int64_t dim, int64_t m, Precision precision, CodeBits bits = {});

  int64_t dim = 0;
  int64_t m = 0;
  Precision precision = Precision::kInteger;
  CodeBits bits;
  /// See GraphView and CodeQuery.
  bool exact_walk = false;
  float walk_unit = 1;
  int64_t num_nodes = 0;
  /// A node of the highest layer; kNoNode in an empty graph.
  uint32_t entry = kNoNode;
  int top_level = -1;

  Array<uint8_t> blocks, details, levels;
  Array<uint32_t> upper_start, upper;
  int64_t upper_used = 0;

  int64_t head_offset() const;
  int64_t stride() const;
  int64_t detail_stride() const { return detail_bytes(precision, bits, dim); }
  int64_t cap(int layer) const { return layer == 0 ? 2 * m : m; }
  GraphView view() const;
  int64_t size_bytes() const;

  /// Looks at every list, in O(n): changes trust what they find. Throws Error as fail_corrupt_graph.
  void check_links() const;
  /// Adds nodes without links of the given levels; codes are to be written.
  void append(std::span<const uint8_t> new_levels);
  /// Drops the nodes with dead[node] != 0 and gives the others new numbers in the same order: the result,
  /// kNoNode for those dropped. No list may hold a dropped node, unless `drop_links` empties all of them.
  std::vector<uint32_t> keep_nodes(std::span<const uint8_t> dead, bool drop_links);
  /// Makes every array writable and exactly ours (a mapped one is copied).
  void make_writable();

  uint8_t* code(uint32_t node) { return blocks_data_ + static_cast<int64_t>(node) * stride(); }
  NodeHead& head(uint32_t node) { return *reinterpret_cast<NodeHead*>(code(node) + head_offset()); }
  uint8_t* detail(uint32_t node) { return details_data_ + static_cast<int64_t>(node) * detail_stride(); }
  /// The list of a node on a layer it has; checked against the arrays.
  std::span<const uint32_t> links(uint32_t node, int layer) const;
  void set_links(uint32_t node, int layer, std::span<const uint32_t> links);

 private:
  uint8_t* blocks_data_ = nullptr;
  uint8_t* details_data_ = nullptr;
  uint32_t* upper_data_ = nullptr;
};

/// Allocates like Array, and asks for huge pages: a walk touches memory at random, and with small pages every
/// third access also misses the translation buffer.
Array<uint8_t> allocate_for_walks(int64_t size_bytes);

}  // namespace whitney::search
