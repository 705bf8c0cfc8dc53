#include "whitney/graph/hope.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/katz.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/linalg/largest_eigenpairs.h"
#include "whitney/linalg/randomized_svd.h"

namespace whitney::graph {
namespace {

/// The graph with all edges turned round.
Graph reversed(const Graph& graph, const Context& context) {
  return build_graph(graph.ids, {graph.targets.span(), sources_of(graph), graph.weights.span()}, true,
                     context);
}

/// Products with A^2.
LinearMap square_map(const Context& context, const SparseView& matrix, const SparseView& transposed) {
  const auto twice = [&context](const SparseView& sparse) {
    return [&context, sparse](const MatrixView& x, float* out) {
      Matrix once(sparse.rows, x.cols);
      multiply_sparse(context, sparse, {}, x, once.mutable_data<float>());
      multiply_sparse(context, sparse, {}, once, out);
    };
  };
  return {matrix.rows, matrix.cols, twice(matrix), twice(transposed)};
}

double beta_for(const HOPEOptions& options, double radius) {
  if (!options.beta) return radius > 0 ? 0.5 / radius : 0.5;
  if (*options.beta * radius >= 1) {
    fail("hope: beta ", *options.beta, " is not below 1/lambda_1 = ", 1 / radius,
         " of this graph: Katz's index has no value there (expected: less, or none for half of it)");
  }
  return *options.beta;
}

/// [U Sigma^1/2, V Sigma^1/2].
Matrix side_by_side(const TruncatedSvd& svd) {
  const int64_t n = svd.left.rows(), half = svd.left.cols();
  Matrix result(n, 2 * half);
  float* out = result.mutable_data<float>();
  for (int64_t i = 0; i < n; ++i) {
    std::copy_n(svd.left.row<float>(i).data(), half, out + 2 * half * i);
    std::copy_n(svd.right.row<float>(i).data(), half, out + 2 * half * i + half);
  }
  return result;
}

}  // namespace

std::vector<std::string> HOPEOptions::ineffective() const {
  if (proximity != Proximity::kCommonNeighbors || !beta) return {};
  return {"option \"beta\" of hope has no effect with proximity common_neighbors"};
}

Embeddings hope(const Graph& graph, const HOPEOptions& options, const Context& context) {
  if (graph.num_nodes() == 0) fail("hope: the graph has no nodes");
  if (options.dim % 2 != 0)
    throw UsageError(concat("hope: dim ", options.dim,
                            " is odd (expected: an even number, halves for source and target)"));
  const Graph back = graph.directed ? reversed(graph, context) : graph;
  const SparseView matrix = adjacency(graph), transposed = adjacency(back);
  const RandomizedSvdOptions svd_options{
      .rank = options.dim / 2, .num_iterations = options.num_iterations, .purpose = "hope"};
  const bool katz = options.proximity == Proximity::kKatz;
  const double radius = katz ? estimate_spectral_radius(context, matrix) : 0;
  const double beta = katz ? beta_for(options, radius) : 0;
  TruncatedSvd svd = randomized_svd(
      context, katz ? katz_map(context, matrix, transposed, beta) : square_map(context, matrix, transposed),
      svd_options);
  scale_by_roots(svd.left, svd.values, context);
  scale_by_roots(svd.right, svd.values, context);
  Embeddings result =
      node_embeddings(graph, side_by_side(svd), Metric::kCosine, "source_target", "hope", context);
  if (katz) result.record.set("beta", beta).set("spectral_radius", radius);
  return result;
}

CostEstimate estimate_hope(const DataSize& size, const HOPEOptions& options, const Context& context) {
  const int64_t n = size.num_rows, half = options.dim / 2, width = width_of_search(half, 10, n);
  CostEstimate cost;
  const int64_t reversed_bytes = size.directed ? graph_bytes(size) - kProgramBytes : 0;
  cost.peak_bytes = graph_bytes(size) + reversed_bytes + (5 * width + half) * n * 4;
  constexpr double kMultiplyAddsPerSecond = 4e9, kTerms = 24;
  cost.seconds = 2.0 * (options.num_iterations + 1) * (options.proximity == Proximity::kKatz ? kTerms : 2.0) *
                 static_cast<double>(size.nnz) * static_cast<double>(width) /
                 (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<HOPEOptions>(
    {.name = "hope",
     .class_name = "HOPE",
     .summary = "Source and target vectors of nodes whose products are Katz's index",
     .description =
         "Gives each node a vector as the source and one as the target of edges, whose products approximate Katz's "
         "index, the sum over all paths between two nodes, each edge of a path counting beta times less. The one "
         "factorising learner here that keeps the direction of edges. For who asks what links to what, two or three "
         "hops away; scores of pairs are products of the first half of one vector with the second half of the other.\n"
         "Nodes without edges get zero vectors.",
     .source = "Ou, Cui, Pei, Zhang, Zhu: Asymmetric Transitivity Preserving Graph Embedding, KDD 2016",
     .example = "whitney learn hope edges.tsv -o nodes.safetensors --dim 128"},
    hope, estimate_hope);
// clang-format on

}  // namespace

}  // namespace whitney::graph
