#include "whitney/graph/cleora.h"

#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/core/random.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/graph/random_projection.h"
#include "whitney/linalg/sparse.h"

namespace whitney::graph {
namespace {

Matrix hashed_rows(const Graph& graph, int64_t dim, const Context& context) {
  Matrix result(graph.num_nodes(), dim);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, graph.num_nodes(), 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      RandomStream random(context.seed, "cleora", random_key(graph.ids, i));
      for (int64_t j = 0; j < dim; ++j)
        values[i * dim + j] = static_cast<float>(random.next_u32() >> 8) * 0x1p-23F - 1.0F;
    }
  });
  return result;
}

}  // namespace

Embeddings cleora(const Graph& graph, const CleoraOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes(), dim = options.dim;
  if (n == 0) fail("cleora: the graph has no nodes");
  Matrix current = hashed_rows(graph, dim, context), next(n, dim);
  const std::vector<float> scale = inverse_degrees(degrees_of(graph, context));
  for (int i = 0; i < options.num_iterations; ++i) {
    context.advance("steps", i, options.num_iterations, "steps");
    context.check_cancelled();
    multiply_sparse(context, adjacency(graph), scale, current, next.mutable_data<float>());
    normalize_rows(next, context);
    std::swap(current, next);
  }
  return node_embeddings(graph, std::move(current), Metric::kCosine, "cosine", "cleora", context);
}

CostEstimate estimate_cleora(const DataSize& size, const CleoraOptions& options, const Context& context) {
  const int64_t n = size.num_rows, d = options.dim;
  CostEstimate cost;
  cost.peak_bytes = graph_bytes(size) + 2 * n * d * 4;
  constexpr double kMultiplyAddsPerSecond = 4e9;
  cost.seconds = options.num_iterations * static_cast<double>(size.nnz * d) /
                 (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<CleoraOptions>(
    {.name = "cleora",
     .class_name = "Cleora",
     .summary = "Node vectors by averaging hashed rows over neighbours a few times",
     .description =
         "Starts each node from a row that is a hash of its id, and replaces the rows by the means of their neighbours, "
         "scaled to norm 1, a few times. The least that one can do with a graph, in two matrices of memory; the number "
         "of steps says how far a node looks. A node keeps its start when others come and go. Edges are followed in "
         "their direction, and their weights count.",
     .source = "Rychalska, Babel, Goluchowski, Michalowski, Dabrowski: Cleora: A Simple, Strong and Scalable Graph Embedding "
               "Scheme, ICONIP 2021, arXiv 2102.02302",
     .example = "whitney learn cleora edges.tsv -o nodes.safetensors --num-iterations 4"},
    cleora, estimate_cleora);
// clang-format on

}  // namespace

}  // namespace whitney::graph
