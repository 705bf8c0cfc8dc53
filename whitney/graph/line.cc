#include "whitney/graph/line.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/line_edges.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/random_walks_pairs.h"

namespace whitney::graph {
namespace {

constexpr double kSamplesPerEntry = 100;

double samples_of(const LineOptions& options, int64_t nnz) {
  return options.samples ? *options.samples * 1e6 : kSamplesPerEntry * static_cast<double>(nnz);
}

/// The options of each of the orders that are trained.
text::SkipGramOptions skip_gram_of(const LineOptions& options) {
  text::SkipGramOptions result = options.skip_gram;
  if (options.order == LineOrder::kBoth) result.dim /= 2;
  return result;
}

/// Degrees of edges in and out as integers, which the law of noise takes: in units that round off a share of
/// 2^-40 of the largest, but at least 1 where there is an edge.
std::vector<int64_t> noise_counts(const Graph& graph, const std::vector<double>& out_degrees) {
  std::vector<double> degrees = out_degrees;
  for (int64_t u = 0; u < graph.num_nodes(); ++u) {
    const auto targets = graph.neighbors(u);
    const auto weights = graph.neighbor_weights(u);
    for (size_t e = 0; e < targets.size(); ++e)
      degrees[targets[e]] += weights.empty() ? 1.0 : double{weights[e]};
  }
  const double unit = *std::max_element(degrees.begin(), degrees.end()) * 0x1p-40;
  std::vector<int64_t> counts(degrees.size());
  for (size_t v = 0; v < degrees.size(); ++v) {
    if (degrees[v] > 0) counts[v] = std::max<int64_t>(1, std::llround(degrees[v] / unit));
  }
  return counts;
}

Matrix train(const Graph& graph, bool first_order, const LineOptions& options, const Context& context) {
  const text::SkipGramOptions skip_gram = skip_gram_of(options);
  if (graph.nnz() == 0) return Matrix::zeros(graph.num_nodes(), skip_gram.dim);
  const std::vector<double> degrees = degrees_of(graph, context);
  const EdgeSampler sampler(graph, degrees, context);
  const EdgePairs pairs(sampler, samples_of(options, graph.nnz()), context.seed);
  const std::vector<int64_t> counts = noise_counts(graph, degrees);
  Matrix vectors = text::train_skip_gram({.source = &pairs, .counts = counts, .one_table = first_order},
                                         skip_gram, context);
  // The input vector of a node that no edge leads from is as it was drawn.
  float* values = vectors.mutable_data<float>();
  for (size_t u = 0; u < degrees.size() && !first_order; ++u) {
    if (degrees[u] == 0) std::fill_n(values + static_cast<int64_t>(u) * vectors.cols(), vectors.cols(), 0.0F);
  }
  return vectors;
}

Matrix train_first(const Graph& graph, const LineOptions& options, const Context& context) {
  return train(undirected(graph, "line of first order", context), true, options, context);
}

Matrix train_both(const Graph& graph, const LineOptions& options, const Context& context) {
  Matrix first = train_first(graph, options, context), second = train(graph, false, options, context);
  normalize_rows(first, context);
  normalize_rows(second, context);
  const int64_t half = first.cols();
  Matrix result(graph.num_nodes(), 2 * half);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < graph.num_nodes(); ++i) {
    out = std::copy_n(first.row<float>(i).data(), half, out);
    out = std::copy_n(second.row<float>(i).data(), half, out);
  }
  return result;
}

}  // namespace

Embeddings line(const Graph& graph, const LineOptions& options, const Context& context) {
  check_can_train(graph, "line");
  if (options.order == LineOrder::kBoth && options.skip_gram.dim % 2 != 0) {
    throw UsageError(concat("line: dim ", options.skip_gram.dim,
                            " is odd (expected: an even number, halves for first and second order)"));
  }
  Matrix vectors = options.order == LineOrder::kBoth    ? train_both(graph, options, context)
                   : options.order == LineOrder::kFirst ? train_first(graph, options, context)
                                                        : train(graph, false, options, context);
  return node_embeddings(graph, std::move(vectors), Metric::kCosine,
                         options.order == LineOrder::kFirst ? "dot" : "cosine", "line", context);
}

CostEstimate estimate_line(const DataSize& size, const LineOptions& options, const Context& context) {
  const int64_t n = size.num_rows;
  const double samples = samples_of(options, size.nnz);
  const text::SkipGramOptions skip_gram = skip_gram_of(options);
  const bool both = options.order == LineOrder::kBoth, one_table = options.order == LineOrder::kFirst;
  // Alias slots and degrees of the nodes, slots of the edges, and the first order's vectors during the
  // second.
  const int64_t tables = n * (8 + 16) + size.nnz * 8 + (both ? n * int64_t{skip_gram.dim} * 4 : 0);
  const auto chunk = static_cast<double>(EdgePairs::chunk_size(samples));
  CostEstimate cost;
  cost.peak_bytes =
      graph_bytes(size) + tables +
      text::skip_gram_bytes(n, samples, chunk, text::Softmax::kNegativeSampling, one_table, skip_gram);
  cost.seconds = (both ? 2 : 1) *
                 text::skip_gram_seconds(n, samples, text::Softmax::kNegativeSampling, skip_gram, context);
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<LineOptions>(
    {.name = "line",
     .class_name = "LINE",
     .summary = "Node vectors from edges drawn by weight: neighbours near, and nodes with the same neighbours",
     .description =
         "Draws edges, and trains vectors of two kinds on them by skip-gram with negative samples: of first order, whose "
         "products tell neighbours, and of second order, which are near where nodes have the same neighbours. No walks: "
         "time grows with the edges drawn alone, and no node is seen beyond two hops. Weights of edges are the odds of "
         "being drawn.\n"
         "The same seed gives the same bytes at any number of threads. The authors add neighbours of neighbours to nodes "
         "of few edges as a step before; here nothing is added.",
     .source = "Tang, Qu, Wang, Zhang, Yan, Mei: LINE: Large-scale Information Network Embedding, WWW 2015, arXiv 1503.03578",
     .example = "whitney learn line edges.tsv -o nodes.safetensors --order both --samples 100"},
    line, estimate_line);
// clang-format on

}  // namespace

}  // namespace whitney::graph
