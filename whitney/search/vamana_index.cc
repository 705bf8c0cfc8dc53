#include "whitney/search/vamana_index.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/random.h"
#include "whitney/search/hnsw_walk.h"

namespace whitney::search {
namespace {

constexpr std::string_view kMethod = "vamana";
/// Vectors whose mean is the middle, and nodes that are measured at once.
constexpr int64_t kSample = 4096, kChunk = 1024;
/// The first pass keeps this part of the window, but no less than the degree: what it links, the second links
/// anew.
constexpr int64_t kFirstWindowPart = 4;

/// The node nearest to the mean of a sample: where walks begin. The graph must have nodes.
uint32_t middle_node(const HnswParts& parts) {
  const GraphView view = parts.graph.view();
  const int64_t n = parts.graph.num_nodes, count = std::min(n, kSample);
  std::vector<float> row(static_cast<size_t>(parts.space.dim)), mean(row);
  std::vector<double> sums(row.size());
  for (int64_t i = 0; i < count; ++i) {
    parts.space.decode(view, static_cast<uint32_t>(i * n / count), row.data());
    for (size_t j = 0; j < row.size(); ++j) sums[j] += row[j];
  }
  double square = 0;
  for (size_t j = 0; j < row.size(); ++j) {
    mean[j] = static_cast<float>(sums[j] / static_cast<double>(count));
    square += static_cast<double>(mean[j]) * mean[j];
  }
  PreparedQuery query;
  query.prepare(parts.space, parts.metric, mean.data(), std::sqrt(square), view.padded_dim);
  std::vector<uint32_t> nodes;
  std::vector<float> distances(static_cast<size_t>(kChunk));
  uint64_t best = ~uint64_t{0};
  for (int64_t begin = 0; begin < n; begin += kChunk) {
    nodes.resize(static_cast<size_t>(std::min(kChunk, n - begin)));
    std::iota(nodes.begin(), nodes.end(), static_cast<uint32_t>(begin));
    walk_distances(view, query.code, nodes, distances.data());
    for (size_t i = 0; i < nodes.size(); ++i) best = std::min(best, NodePool::key_of(distances[i], nodes[i]));
  }
  return NodePool::node_of(best);
}

void link_all(HnswParts& parts, const Context& context) {
  if (parts.graph.num_nodes == 0) return;
  std::vector<uint32_t> order(static_cast<size_t>(parts.graph.num_nodes));
  std::iota(order.begin(), order.end(), 0U);
  RandomStream(parts.seed, "vamana order", 0).shuffle(std::span(order));
  // The first to be linked becomes the entry.
  std::iter_swap(order.begin(), std::ranges::find(order, middle_node(parts)));
  LinkRule first = parts.rule();
  first.alpha = 1;
  first.window = std::max(first.window / kFirstWindowPart, std::min(first.window, parts.graph.cap(0)));
  link_nodes(parts.graph, order, first, context);
  relink_nodes(parts.graph, order, parts.rule(), context);
}

class FlatWalk : public GraphWalk {
 public:
  explicit FlatWalk(const HnswGraph& graph) : view_(graph.view()), entry_(graph.entry) {}
  std::string_view name() const override { return kMethod; }
  void walk(const float* /*query*/, int64_t ef, WalkScratch& scratch) const override {
    scratch.pool.reset(ef);
    search_layer(view_, scratch.query.code, entry_, 0, scratch);
  }

 private:
  GraphView view_;
  uint32_t entry_;
};

}  // namespace

HnswParts build_vamana(const Embeddings& embeddings, const VamanaOptions& options, const Context& context) {
  if (options.degree % 2 != 0)
    throw UsageError(concat("degree is ", options.degree, ", which is odd (expected: an even number)"));
  HnswOptions nodes;
  nodes.m = options.degree / 2;
  nodes.ef_construction = options.window;
  nodes.codes = options.codes;
  HnswParts parts = make_nodes(embeddings, nodes, true, context);
  parts.method = LinkMethod::kVamana;
  parts.alpha = options.alpha;
  link_all(parts, context);
  recode(parts, embeddings, context);
  return parts;
}

void remove_from_vamana(HnswParts& parts, std::span<const uint32_t> rows, const Context& context) {
  remove_from_hnsw(parts, rows, context);
  if (parts.graph.num_nodes == 0) return;
  const uint32_t middle = middle_node(parts);
  if (middle == parts.graph.entry) return;
  parts.graph.entry = middle;
  connect_layer0(parts.graph, parts.options.ef_construction, context);
}

SearchResult search_vamana(const HnswParts& parts, ScratchPool& scratch_pool, const MatrixView& queries,
                           const SearchParams& params, const Context& context) {
  const FlatWalk walk(parts.graph);
  return search_hnsw(parts, scratch_pool, queries, params, context, &walk);
}

void save_vamana(const HnswParts& parts, const std::string& path, bool force, const Context& context) {
  hnsw_writer(parts, kMethod, Value::object({{"alpha", parts.alpha}})).write(path, force, context);
}

HnswParts open_vamana(const Artifact& artifact) {
  HnswParts parts = open_hnsw(artifact, kMethod);
  const Value* alpha = artifact.record().at(kMethod).find("alpha");
  if (alpha == nullptr || !alpha->is_number() || !(alpha->as_real() >= 1 && alpha->as_real() <= 4))
    fail(artifact.path(), ": field \"vamana.alpha\" of its record is not a number from 1 to 4");
  if (parts.graph.top_level > 0)
    fail(artifact.path(), ": field \"vamana.top_level\" of its record is not 0, the one layer of vamana");
  parts.method = LinkMethod::kVamana;
  parts.is_flat = true;
  parts.alpha = alpha->as_real();
  return parts;
}

}  // namespace whitney::search
