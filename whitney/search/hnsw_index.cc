#include "whitney/search/hnsw_index.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <numeric>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

constexpr int64_t kBlockRows = 256;

std::vector<uint8_t> draw_levels(const HnswParts& parts, int64_t count) {
  std::vector<uint8_t> levels(static_cast<size_t>(count), uint8_t{0});
  if (parts.is_flat) return levels;
  auto node = static_cast<uint32_t>(parts.graph.num_nodes);
  for (uint8_t& level : levels) level = draw_level(parts.seed, node++, parts.options.m);
  return levels;
}

/// Encodes rows[i] of a matrix as node first + i; returns the longest way from one to its code
/// (CodeSpace::loss_of).
double encode_rows(const PreparedRows& rows, std::span<const uint32_t> chosen, const CodeSpace& space,
                   Metric metric, HnswGraph& graph, uint32_t first, const Context& context) {
  const GraphView view = graph.view();
  const auto encode = [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(rows.dim()));
    double longest = 0;
    for (int64_t i = begin; i < end; ++i) {
      const auto node = first + static_cast<uint32_t>(i);
      const double norm = rows.read(chosen[static_cast<size_t>(i)], row.data());
      space.encode(row.data(), norm, metric, graph, node);
      longest = std::max(longest, space.loss_of(view, node));
    }
    return longest;
  };
  return ordered_reduce(context, std::ssize(chosen), kBlockRows, 0.0, encode,
                        [](double a, double b) { return std::max(a, b); });
}

/// Links the nodes from `first` on, in an order drawn from the seed: rows often come sorted by what they are,
/// which would hurt the graph.
void link_from(HnswParts& parts, uint32_t first, const Context& context) {
  std::vector<uint32_t> order(static_cast<size_t>(parts.graph.num_nodes - first));
  std::iota(order.begin(), order.end(), first);
  RandomStream(parts.seed, "hnsw order", first).shuffle(std::span(order));
  link_nodes(parts.graph, order, parts.rule(), context);
}

/// While it lives, walks compare all that is known of the vectors: links that are chosen by coarse codes stay
/// worse.
class ExactWalks {
 public:
  explicit ExactWalks(HnswParts& parts) : parts_(parts) { set(true); }
  ~ExactWalks() { set(false); }
  ExactWalks(const ExactWalks&) = delete;
  ExactWalks& operator=(const ExactWalks&) = delete;

 private:
  // Other codes choose for themselves (CodeSpace::fit).
  void set(bool exact) {
    if (codes_stand_alone(parts_.space.precision)) parts_.space.exact_walk = parts_.graph.exact_walk = exact;
  }
  HnswParts& parts_;
};

void check_size(int64_t num_rows, int64_t dim) {
  if (dim < 1) fail("hnsw needs vectors of at least one dimension");
  if (dim > kMaxCodedDim) {
    fail("the vectors have ", dim, " dimensions, and hnsw takes at most ", kMaxCodedDim,
         " (expected: narrower vectors, or the method flat)");
  }
  if (num_rows > kMaxNodes) {
    fail("there are ", num_rows, " vectors, and hnsw takes at most ", kMaxNodes,
         " (expected: several indexes)");
  }
}

bool holds_all(const HnswParts& parts, const PreparedRows& rows) {
  std::vector<float> row(static_cast<size_t>(rows.dim()));
  for (int64_t i = 0; i < rows.size(); ++i) {
    const double norm = rows.read(i, row.data());
    if (!parts.space.holds(row.data(), norm, parts.metric)) return false;
  }
  return true;
}

/// Writes the vectors of all nodes by another map; `row_of_node`: where `rows` has them. The links stay.
void encode_anew(HnswParts& parts, CodeSpace space, const PreparedRows& rows,
                 std::span<const uint32_t> row_of_node, const Context& context) {
  const HnswGraph& old = parts.graph;
  HnswGraph graph = space.make_graph(old.m);
  graph.append(old.levels.span().first(static_cast<size_t>(old.num_nodes)));
  space.code_loss = encode_rows(rows, row_of_node, space, parts.metric, graph, 0, context);
  for (uint32_t node = 0; node < old.num_nodes; ++node) {
    for (int layer = 0; layer <= old.levels[node]; ++layer)
      graph.set_links(node, layer, old.links(node, layer));
  }
  graph.entry = old.entry;
  graph.top_level = old.top_level;
  parts.graph = std::move(graph);
  parts.space = std::move(space);
}

/// Encodes all nodes by another map, which holds them and the rows to come.
void widen_space(HnswParts& parts, const PreparedRows& more, const Context& context) {
  const HnswGraph& old = parts.graph;
  const GraphView view = old.view();
  Matrix vectors(old.num_nodes + more.size(), old.dim);
  auto* values = vectors.mutable_data<float>();
  for (uint32_t node = 0; node < old.num_nodes; ++node)
    parts.space.decode(view, node, values + node * old.dim);
  for (int64_t i = 0; i < more.size(); ++i) more.read(i, values + (old.num_nodes + i) * old.dim);
  const PreparedRows rows(vectors, parts.metric);
  std::vector<uint32_t> all(static_cast<size_t>(old.num_nodes));
  std::iota(all.begin(), all.end(), 0u);
  encode_anew(parts, parts.space.widened(rows, parts.metric, context), rows, all, context);
}

/// The node whose stored vector is that of node `i` of `fresh` (coded by the same map), as far as a walk
/// finds it.
uint32_t find_equal(const HnswGraph& graph, const GraphView& fresh, uint32_t i, Array<int8_t>& codes,
                    WalkScratch& scratch) {
  if (graph.num_nodes == 0) return kNoNode;
  const GraphView view = graph.view();
  const CodeQuery query = query_of_node(fresh, i, codes.mutable_data());
  const auto num_bytes = static_cast<size_t>(code_bytes(view.bits, view.dim));
  scratch.pool.reset(32);
  search_layer(view, query, descend(view, query, graph.entry, graph.top_level, 1, scratch), 0, scratch);
  for (uint32_t place = 0; place < scratch.pool.size; ++place) {
    const uint64_t key = scratch.pool.keys[place];
    const uint32_t node = NodePool::node_of(key);
    if (NodePool::distance_of(key) > 0) break;
    // A head begins with what its code comes to, which of LVQ includes the grid.
    if (std::memcmp(view.code(node), fresh.code(i), num_bytes) != 0) continue;
    if (std::memcmp(&view.head(node), &fresh.head(i), offsetof(NodeHead, extra)) != 0) continue;
    if (view.detail_stride == 0) return node;
    if (std::memcmp(view.detail(node), fresh.detail(i), static_cast<size_t>(view.detail_stride)) == 0)
      return node;
  }
  return kNoNode;
}

/// Puts the distinct new vectors into the graph, those that stand there already left out; returns their
/// nodes.
std::vector<uint32_t> add_vectors(HnswParts& parts, const PreparedRows& rows,
                                  std::span<const uint32_t> distinct, const Context& context) {
  HnswGraph fresh = parts.space.make_graph(parts.graph.m);
  fresh.append(std::vector<uint8_t>(distinct.size(), 0));
  const double loss = encode_rows(rows, distinct, parts.space, parts.metric, fresh, 0, context);
  // Of a file that does not tell it nothing is known of the others.
  double& longest = parts.space.code_loss;
  if (parts.graph.num_nodes == 0 || longest > 0) longest = std::max(longest, loss);
  const GraphView fresh_view = fresh.view();
  std::vector<uint32_t> nodes(distinct.size());
  parallel_blocks(context, std::ssize(distinct), kBlockRows, [&](int64_t begin, int64_t end) {
    WalkScratch scratch;
    scratch.fit(parts.graph.view());
    Array<int8_t> codes(node_query_bytes(fresh_view));
    for (int64_t i = begin; i < end; ++i) {
      nodes[static_cast<size_t>(i)] =
          find_equal(parts.graph, fresh_view, static_cast<uint32_t>(i), codes, scratch);
    }
  });
  std::vector<uint32_t> to_add;
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i] != kNoNode) continue;
    nodes[i] = static_cast<uint32_t>(parts.graph.num_nodes + std::ssize(to_add));
    to_add.push_back(distinct[i]);
  }
  const auto first = static_cast<uint32_t>(parts.graph.num_nodes);
  parts.graph.append(draw_levels(parts, std::ssize(to_add)));
  encode_rows(rows, to_add, parts.space, parts.metric, parts.graph, first, context);
  link_from(parts, first, context);
  return nodes;
}

/// Drops removed rows for good.
void compact_rows(HnswParts& parts) {
  const std::vector<uint32_t> nodes = parts.nodes.node_of_row();
  std::vector<uint32_t> kept;
  for (const int64_t row : keep_live(parts.rows)) kept.push_back(nodes[static_cast<size_t>(row)]);
  parts.nodes = NodeRows(std::move(kept), parts.graph.num_nodes, parts.rows.live);
}

/// Before the first change of an opened index: walks check what they follow, changes do not.
void trust_links(HnswParts& parts) {
  if (parts.links_checked) return;
  parts.graph.check_links();
  parts.links_checked = true;
}

}  // namespace

int64_t build_bytes_per_row(int64_t dim, int64_t m, GraphCodes codes) {
  const HnswGraph built = empty_graph(dim, m, GraphCodes::kFloat32);
  int64_t bytes = 4 * dim + built.stride() + built.detail_stride() + 48;
  if (codes == GraphCodes::kFloat32) return bytes;
  const HnswGraph held = empty_graph(dim, m, codes);
  return bytes + held.stride() + held.detail_stride();
}

HnswParts make_nodes(const Embeddings& embeddings, const HnswOptions& options, bool is_flat,
                     const Context& context) {
  check_size(embeddings.size(), embeddings.dim());
  HnswParts parts;
  parts.metric = embeddings.metric();
  parts.options = options;
  parts.is_flat = is_flat;
  parts.seed = context.seed;
  parts.rows = index_rows_of(embeddings);
  const PreparedRows rows(embeddings.vectors, parts.metric);
  DistinctRows distinct = find_distinct(rows, parts.metric, context);
  const int64_t num_zero = std::ranges::count(distinct.place_of_row, kNoNode);
  if (num_zero > 0) {
    context.note(concat(num_zero, " of ", rows.size(),
                        " vectors are zero: they score 0 with every query and are found last"));
  }
  parts.space = CodeSpace::fit(rows, parts.metric, context);
  parts.graph = parts.space.make_graph(options.m);
  parts.graph.append(draw_levels(parts, std::ssize(distinct.first_rows)));
  parts.space.code_loss =
      encode_rows(rows, distinct.first_rows, parts.space, parts.metric, parts.graph, 0, context);
  parts.nodes = NodeRows(std::move(distinct.place_of_row), parts.graph.num_nodes, parts.rows.live);
  return parts;
}

void recode(HnswParts& parts, const Embeddings& embeddings, const Context& context) {
  if (parts.options.codes == GraphCodes::kFloat32) return;
  const PreparedRows rows(embeddings.vectors, parts.metric);
  std::vector<uint32_t> row_of_node(static_cast<size_t>(parts.graph.num_nodes));
  for (uint32_t node = 0; node < row_of_node.size(); ++node) {
    parts.nodes.visit_rows(node, [&](uint32_t row) {
      row_of_node[node] = row;
      return false;
    });
  }
  encode_anew(parts, CodeSpace::fit(rows, parts.metric, parts.options.codes, context), rows, row_of_node,
              context);
}

HnswParts build_hnsw(const Embeddings& embeddings, const HnswOptions& options, const Context& context) {
  HnswParts parts = make_nodes(embeddings, options, false, context);
  link_from(parts, 0, context);
  recode(parts, embeddings, context);
  return parts;
}

void add_to_hnsw(HnswParts& parts, const Embeddings& more, const Context& context) {
  check_size(parts.rows.size() + more.size(), more.dim());
  trust_links(parts);
  if (revives_removed(parts.rows, more.ids)) compact_rows(parts);
  const PreparedRows rows(more.vectors, parts.metric);
  const DistinctRows distinct = find_distinct(rows, parts.metric, context);
  IndexRows extended = parts.rows;  // refuses what does not fit before anything changes
  append_rows(extended, more);
  const ExactWalks exact(parts);
  if (!holds_all(parts, rows)) widen_space(parts, rows, context);
  const std::vector<uint32_t> nodes = add_vectors(parts, rows, distinct.first_rows, context);
  std::vector<uint32_t> node_of_row = parts.nodes.node_of_row();
  for (const uint32_t place : distinct.place_of_row) {
    node_of_row.push_back(place == kNoNode ? kNoNode : nodes[place]);
  }
  parts.rows = std::move(extended);
  parts.nodes = NodeRows(std::move(node_of_row), parts.graph.num_nodes, parts.rows.live);
}

void remove_from_hnsw(HnswParts& parts, std::span<const uint32_t> rows, const Context& context) {
  trust_links(parts);
  const ExactWalks exact(parts);
  std::vector<uint32_t> node_of_row = parts.nodes.node_of_row();
  std::vector<uint32_t> num_left(static_cast<size_t>(parts.graph.num_nodes), 0);
  for (const uint32_t row : rows) node_of_row[row] = kNoNode;
  for (const uint32_t node : node_of_row) {
    if (node != kNoNode) ++num_left[node];
  }
  std::vector<uint8_t> dead(num_left.size());
  for (size_t node = 0; node < dead.size(); ++node) dead[node] = num_left[node] == 0;
  if (std::ranges::count(dead, uint8_t{1}) > 0) {
    const std::vector<uint32_t> numbers = remove_nodes(parts.graph, dead, parts.rule(), context);
    for (uint32_t& node : node_of_row) {
      if (node != kNoNode) node = numbers[node];
    }
  }
  for (const uint32_t row : rows) parts.rows.live.remove(row);
  parts.nodes = NodeRows(std::move(node_of_row), parts.graph.num_nodes, parts.rows.live);
  if (parts.rows.size() - parts.rows.live.size() > parts.rows.size() / 4) compact_rows(parts);
}

}  // namespace whitney::search
