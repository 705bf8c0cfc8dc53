#include "whitney/graph/degree_profile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;
constexpr int64_t kStatistics = 5;  // the feature itself, minimum, maximum, mean, deviation

int64_t width_after(int rounds) {
  int64_t width = 1;
  for (int round = 0; round < rounds; ++round) width *= kStatistics;
  return width;
}

double degree_of(const Graph& graph, int64_t node, bool weighted) {
  const auto neighbors = graph.neighbors(node);
  const auto weights = graph.neighbor_weights(node);
  double degree = 0;
  for (size_t i = 0; i < neighbors.size(); ++i) {
    if (int64_t{neighbors[i]} != node) degree += weighted && !weights.empty() ? double{weights[i]} : 1.0;
  }
  return degree;
}

/// Writes feature x of the node and what its neighbours' have: x, minimum, maximum, mean, deviation.
void write_statistics(const Graph& graph, const Matrix& features, int64_t node, int64_t feature, float* out) {
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0, count = 0;
  const auto each = [&](const auto& body) {
    for (const uint32_t v : graph.neighbors(node)) {
      if (int64_t{v} != node) body(double{features.row<float>(v)[size_t(feature)]});
    }
  };
  each([&](double x) { low = std::min(low, x), high = std::max(high, x), sum += x, count += 1; });
  out[0] = features.row<float>(node)[size_t(feature)];
  std::fill_n(out + 1, kStatistics - 1, 0.0F);
  if (count == 0) return;
  double squares = 0;  // of what is left of the mean: a difference of large sums would lose small deviations
  each([&](double x) { squares += (x - sum / count) * (x - sum / count); });
  out[1] = static_cast<float>(low);
  out[2] = static_cast<float>(high);
  out[3] = static_cast<float>(sum / count);
  out[4] = static_cast<float>(std::sqrt(squares / count));
}

Matrix followed_by_statistics(const Graph& graph, const Matrix& features, const Context& context) {
  const int64_t width = features.cols();
  Matrix result(features.rows(), width * kStatistics);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, features.rows(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      for (int64_t feature = 0; feature < width; ++feature)
        write_statistics(graph, features, node, feature, values + (node * width + feature) * kStatistics);
    }
  });
  return result;
}

}  // namespace

Embeddings degree_profile(const Graph& graph, const DegreeProfileOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes();
  if (n == 0) fail("degree_profile: the graph has no nodes");
  if (graph.directed) context.note("degree_profile: out-neighbours are looked at, in-neighbours are not");
  if (graph.weighted() && !options.weighted)
    context.note("degree_profile: weights have no effect; --weighted true makes degrees of them");
  if (!graph.weighted() && options.weighted)
    context.note("option \"weighted\" has no effect: the graph has no weights");
  Matrix features(n, 1);
  float* degrees = features.mutable_data<float>();
  for (int64_t node = 0; node < n; ++node)
    degrees[node] = static_cast<float>(degree_of(graph, node, options.weighted));
  for (int round = 0; round < options.rounds; ++round) {
    context.advance("rounds", round, options.rounds, "rounds");
    features = followed_by_statistics(graph, features, context);
  }
  if (options.log) {
    float* values = features.mutable_data<float>();
    std::transform(values, values + n * features.cols(), values, [](float x) { return std::log1p(x); });
  }
  Embeddings result;
  result.ids = graph.ids;
  result.vectors = std::move(features);
  result.record.set("metric", name_of_enum(Metric::kL2));
  return result;
}

CostEstimate estimate_degree_profile(const DataSize& size, const DegreeProfileOptions& options,
                                     const Context& context) {
  const int64_t width = width_after(options.rounds), before = options.rounds > 0 ? width / kStatistics : 0;
  constexpr double kLooksPerSecond = 2e8;
  CostEstimate cost;
  cost.peak_bytes = graph_bytes(size) + size.num_rows * 4 * (width + before);
  cost.seconds = 2 * static_cast<double>(size.nnz) * static_cast<double>(std::max<int64_t>(before, 1)) /
                 (kLooksPerSecond * context.num_threads());
  return cost;
}

namespace {

const bool registered = register_graph_learner<DegreeProfileOptions>(
    {.name = "degree_profile",
     .class_name = "DegreeProfile",
     .summary =
         "Nodes by their degree and the spread of their neighbours' degrees: the least that roles need",
     .description =
         "The local degree profile: a node's degree, and the minimum, maximum, mean and deviation of its "
         "neighbours' degrees; more rounds take the same of these, in the manner of ReFeX. Five numbers that "
         "tell roles (hub, bridge, leaf) better than many a method: what a method for roles must beat. "
         "Nothing is learned, so that nodes of different graphs can be compared.\n"
         "Columns: degree, minimum, maximum, mean, deviation; after the next round these five of each.",
     .source = "Cai & Wang: A Simple Yet Effective Baseline for Non-Attributed Graph Classification, 2018, "
               "arXiv 1811.03508",
     .example = "whitney learn degree_profile edges.tsv -o roles.safetensors --rounds 2"},
    degree_profile, estimate_degree_profile);

}  // namespace

}  // namespace whitney::graph
