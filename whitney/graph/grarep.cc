#include "whitney/graph/grarep.h"

#include <algorithm>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/grarep_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/linalg/randomized_svd.h"

namespace whitney::graph {

Embeddings grarep(const Graph& given, const GraRepOptions& options, const Context& context) {
  if (options.dim % options.num_steps != 0) {
    throw UsageError(concat("grarep: dim ", options.dim, " is not divided by num_steps ", options.num_steps,
                            " (expected: as many values for each step)"));
  }
  const Graph graph = undirected(given, "grarep", context);
  const int64_t n = graph.num_nodes(), width = options.dim / options.num_steps;
  TransitionPowers powers(graph, degrees_of(graph, context), context);
  Matrix vectors(n, options.dim);
  float* out = vectors.mutable_data<float>();
  for (int k = 0; k < options.num_steps; ++k) {
    powers.step();
    const Matrix logarithms = powers.logarithms(options.negatives);
    TruncatedSvd svd = randomized_svd(
        context, dense_map(context, logarithms),
        {.rank = width, .num_iterations = options.num_iterations, .right = false, .purpose = "grarep"});
    scale_by_roots(svd.left, svd.values, context);
    for (int64_t i = 0; i < n; ++i)
      std::copy_n(svd.left.row<float>(i).data(), width, out + i * options.dim + k * width);
    context.advance("powers of the transition matrix", k + 1, options.num_steps, "steps");
  }
  return node_embeddings(graph, std::move(vectors), Metric::kCosine, "cosine", "grarep", context);
}

CostEstimate estimate_grarep(const DataSize& size, const GraRepOptions& options, const Context& context) {
  const int64_t n = size.num_rows, width = width_of_search(options.dim / options.num_steps, 10, n);
  CostEstimate cost;
  cost.peak_bytes = graph_bytes(size) + (2 * n + 6 * width + options.dim) * n * 4;
  constexpr double kSparseAdds = 4e9, kDenseAdds = 5e10, kEntryMoves = 1e9;
  const auto nodes = static_cast<double>(n);
  const double products = 2.0 * (options.num_iterations + 1);
  // Half of the products are with the transpose, which is made for it; a step turns its matrix twice, and
  // takes logarithms.
  const double step = static_cast<double>(size.nnz) * nodes / kSparseAdds +
                      products * nodes * nodes * static_cast<double>(width) / kDenseAdds +
                      (products / 2 + 4) * nodes * nodes / kEntryMoves;
  cost.seconds = options.num_steps * step / context.num_threads();
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<GraRepOptions>(
    {.name = "grarep",
     .class_name = "GraRep",
     .summary = "Node vectors by factorising a matrix of its own for walks of each length",
     .description =
         "Tells apart what netmf adds up: for walks of one step, of two, and so on, the logarithm of how much more often "
         "they lead from one node to another than by chance is factorised by itself, and the vectors stand side by side. "
         "For graphs whose classes show at certain distances only. Time and memory grow with the square of the nodes: some "
         "twenty thousand are its limit; standardise the columns for a classifier.\n"
         "Nodes without edges get zero vectors. Weights of edges count; directions do not.",
     .source = "Cao, Lu, Xu: GraRep: Learning Graph Representations with Global Structural Information, CIKM 2015",
     .example = "whitney learn grarep edges.tsv -o nodes.safetensors --num-steps 4"},
    grarep, estimate_grarep);
// clang-format on

}  // namespace

}  // namespace whitney::graph
