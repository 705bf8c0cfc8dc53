#include "whitney/graph/prone.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/prone_stages.h"
#include "whitney/linalg/column_products.h"
#include "whitney/linalg/linear_map.h"
#include "whitney/linalg/randomized_svd.h"
#include "whitney/linalg/small_decompositions.h"
#include "whitney/linalg/tall_matrix.h"

namespace whitney::graph {
namespace {

/// U Sigma^1/2 of Z = U Sigma V^T, n x d: Z V Sigma^-1/2, by the eigenvectors V of Z^T Z.
Matrix factor_of(const Matrix& z, const Context& context) {
  const int64_t d = z.cols();
  SmallEigen eigen = small_symmetric_eigen(column_products(context, z), d);
  constexpr double kNoise = 1e-12;  // of squares: what float32 leaves of the largest
  for (int64_t j = 0; j < d; ++j) {
    const double square = eigen.values[static_cast<size_t>(j)];
    const double scale = square > kNoise * eigen.values[0] ? std::pow(square, -0.25) : 0;
    for (int64_t i = 0; i < d; ++i) eigen.vectors[static_cast<size_t>(i * d + j)] *= scale;
  }
  return times_small(context, z, eigen.vectors, d);
}

/// E = rownorm(U Sigma^1/2) of the first stage.
Matrix factorize(const Graph& graph, const std::vector<double>& degrees, const ProNEOptions& options,
                 const Context& context) {
  const ProNEMatrix matrix = prone_matrix(graph, degrees, context);
  SparseView entries = adjacency(graph), transposed = entries;
  entries.weights = matrix.entries.span();
  transposed.weights = matrix.transposed.span();
  TruncatedSvd svd = randomized_svd(
      context, sparse_map(context, entries, transposed),
      {.rank = options.dim, .num_iterations = options.num_iterations, .right = false, .purpose = "prone"});
  scale_by_roots(svd.left, svd.values, context);
  normalize_rows(svd.left, context);
  return std::move(svd.left);
}

}  // namespace

std::vector<std::string> ProNEOptions::ineffective() const {
  std::vector<std::string> sentences;
  const ProNEOptions defaults;
  if (order > 1) return sentences;
  if (mu != defaults.mu) sentences.emplace_back("option \"mu\" of prone has no effect with order 1");
  if (theta != defaults.theta) sentences.emplace_back("option \"theta\" of prone has no effect with order 1");
  return sentences;
}

Embeddings prone(const Graph& given, const ProNEOptions& options, const Context& context) {
  const Graph graph = undirected(given, "prone", context);
  const std::vector<double> degrees = degrees_of(graph, context);
  Matrix vectors = factorize(graph, degrees, options, context);
  if (options.order > 1) {
    prone_propagate(graph, degrees, options, context, vectors);
    vectors = factor_of(vectors, context);
    normalize_rows(vectors, context);
  }
  return node_embeddings(graph, std::move(vectors), Metric::kCosine, "dot", "prone", context);
}

CostEstimate estimate_prone(const DataSize& size, const ProNEOptions& options, const Context& context) {
  const int64_t n = size.num_rows, d = options.dim, width = width_of_search(d, 10, n);
  const int64_t factorizing = (2 * width + std::max(width, d)) * n * 4 + undirected_size(size).nnz * 8;
  const int64_t propagating = options.order > 1 ? 5 * n * d * 4 : 0;
  CostEstimate cost;
  cost.peak_bytes = undirected_bytes(size) + std::max(factorizing, propagating) + n * 16;
  constexpr double kMultiplyAddsPerSecond = 4e9;
  const double products = 2.0 * (options.num_iterations + 1) + 2.0 * (options.order - 1);
  const double adds = products * static_cast<double>(size.nnz) * static_cast<double>(d) +
                      static_cast<double>(n * width * width) * (options.num_iterations + 4);
  cost.seconds = adds / (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<ProNEOptions>(
    {.name = "prone",
     .class_name = "ProNE",
     .summary = "Node vectors by a sparse matrix factorisation, filtered along the graph's spectrum",
     .description =
         "Factorises a sparse matrix of the edges (the logarithm of how much more often a step of a walk takes an edge "
         "than its end's popularity says) by a randomised singular value decomposition, then propagates the vectors "
         "by a band filter on the graph's spectrum, a short chain of sparse products. Seconds where walks take "
         "minutes, and more of the labels than fastrp tells on sparse graphs and on proteins. order 1 stops after "
         "the factorisation; mu is worth tuning.\n"
         "Nodes without edges get zero vectors. Weights of edges count; directions do not.",
     .source = "Zhang, Dong, Wang, Tang, Ding: ProNE: Fast and Scalable Network Representation Learning, IJCAI 2019",
     .example = "whitney learn prone edges.tsv -o nodes.safetensors --dim 128"},
    prone, estimate_prone);
// clang-format on

}  // namespace

}  // namespace whitney::graph
