#include "whitney/graph/randne.h"

#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/random_projection.h"
#include "whitney/linalg/sparse.h"
#include "whitney/linalg/sum_rows.h"
#include "whitney/linalg/tall_matrix.h"

namespace whitney::graph {
namespace {

Matrix gaussian_rows(const Graph& graph, int64_t dim, const Context& context) {
  const RandomProjection law(Projection::kGaussian, dim, 1, context.seed, "randne");
  Matrix result(graph.num_nodes(), dim);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, graph.num_nodes(), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) law.write_row(random_key(graph.ids, i), values + i * dim);
  });
  return result;
}

/// sum += weight * term.
void add(Matrix& sum, double weight, const Matrix& term, const Context& context) {
  float* to = sum.mutable_data<float>();
  const int64_t dim = sum.cols();
  const std::vector<ScaledRows> terms = {{to, dim, 1, nullptr},
                                         {term.row<float>(0).data(), dim, weight, nullptr}};
  parallel_blocks(context, sum.rows(), 256,
                  [&](int64_t begin, int64_t end) { sum_rows(terms, begin, end, dim, to, dim); });
}

}  // namespace

Embeddings randne(const Graph& graph, const RandNEOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes(), dim = options.dim;
  if (n == 0) fail("randne: the graph has no nodes");
  if (options.weights.empty()) throw UsageError("randne: weights is empty (expected: one for each power)");
  Matrix power = gaussian_rows(graph, dim, context), next(n, dim), sum = Matrix::zeros(n, dim);
  if (options.orthogonal) orthonormalize(context, power);
  const std::vector<float> scale = options.input == FastRPInput::kTransition
                                       ? inverse_degrees(degrees_of(graph, context))
                                       : std::vector<float>();
  add(sum, options.weights[0], power, context);
  for (size_t i = 1; i < options.weights.size(); ++i) {
    context.advance("powers", static_cast<int64_t>(i), std::ssize(options.weights), "powers");
    context.check_cancelled();
    multiply_sparse(context, adjacency(graph), scale, power, next.mutable_data<float>());
    std::swap(power, next);
    add(sum, options.weights[i], power, context);
  }
  return node_embeddings(graph, std::move(sum), Metric::kCosine, "cosine", "randne", context);
}

CostEstimate estimate_randne(const DataSize& size, const RandNEOptions& options, const Context& context) {
  const int64_t n = size.num_rows, d = options.dim;
  CostEstimate cost;
  cost.peak_bytes = graph_bytes(size) + 3 * n * d * 4;
  constexpr double kMultiplyAddsPerSecond = 4e9;
  cost.seconds = static_cast<double>(options.weights.size()) * static_cast<double>(size.nnz * d) /
                 (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<RandNEOptions>(
    {.name = "randne",
     .class_name = "RandNE",
     .summary = "Node vectors by an orthogonal Gaussian projection of powers of the graph",
     .description =
         "Multiplies an orthonormalised Gaussian matrix by the graph a few times and sums the powers by weight: the "
         "forerunner of fastrp, without its scaling by degrees and of rows. A node keeps its random numbers by its id. "
         "Edges are followed in their direction, and their weights count.",
     .source = "Zhang, Cui, Li, Wang, Zhu: Billion-scale Network Embedding with Iterative Random Projection, ICDM 2018, "
               "arXiv 1805.02396",
     .example = "whitney learn randne edges.tsv -o nodes.safetensors --weights 1,100,10000"},
    randne, estimate_randne);
// clang-format on

}  // namespace

}  // namespace whitney::graph
