#include "whitney/graph/netmf.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/graph/components.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/netmf_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/linalg/largest_eigenpairs.h"
#include "whitney/linalg/randomized_svd.h"

namespace whitney::graph {
namespace {

// The small form is exact, and the large one is not: with 256 eigenpairs it has 1-hop mAP .19 instead of .59
// on ca-GrQc, whose 355 components take them all. Up to here powers are preferred: ca-GrQc takes 1.2 s by
// them (1.5e9 products; 2.0 s by eigenpairs), BlogCatalog 11 s (6.9e10; 7.9 s).
constexpr double kSmallProducts = 1e11;

bool is_small(const NetMFOptions& options, int64_t num_nodes, int64_t nnz) {
  const double products = options.window * static_cast<double>(nnz) * static_cast<double>(num_nodes);
  return options.form == NetMFForm::kSmall ||
         (options.form == NetMFForm::kAuto && products <= kSmallProducts);
}

// The eigenvalue 1, the largest, has an eigenvector for each component that has edges.
void tell_of_components(const Graph& graph, const std::vector<double>& degrees, const NetMFOptions& options,
                        const Context& context) {
  const int64_t count = components_of(graph).count - std::ranges::count(degrees, 0.0);
  if (count * 4 <= options.rank) return;
  context.note(
      concat("netmf: the graph has ", count, " components, each of which takes one of the ", options.rank,
             " eigenpairs of the large form; form small, or a larger rank, keeps more of their inside"));
}

}  // namespace

Embeddings netmf(const Graph& given, const NetMFOptions& options, const Context& context) {
  const Graph graph = undirected(given, "netmf", context);
  const std::vector<double> degrees = degrees_of(graph, context);
  const bool small = is_small(options, graph.num_nodes(), graph.nnz());
  if (!small) tell_of_components(graph, degrees, options, context);
  if (small && options.rank != NetMFOptions().rank)
    context.note("netmf: option \"rank\" has no effect in the small form");
  const LinearMap map = netmf_logarithms(graph.num_nodes(),
                                         small ? netmf_small_rows(graph, degrees, options, context)
                                               : netmf_large_rows(graph, degrees, options, context),
                                         graph.num_nodes() <= kDenseNetMFNodes, context);
  TruncatedSvd svd = randomized_svd(
      context, map,
      {.rank = options.dim, .num_iterations = options.num_iterations, .right = false, .purpose = "netmf"});
  scale_by_roots(svd.left, svd.values, context);
  return node_embeddings(graph, std::move(svd.left), Metric::kCosine, "dot", "netmf", context);
}

CostEstimate estimate_netmf(const DataSize& size, const NetMFOptions& options, const Context& context) {
  const int64_t n = size.num_rows, width = width_of_search(options.dim, 10, n);
  const bool small = is_small(options, n, undirected_size(size).nnz), dense = n <= kDenseNetMFNodes;
  const int64_t matrix = dense ? n * n * 4 : n * n / 10 * 8;
  const int64_t eigenpairs = small ? 0 : width_of_eigenpairs(options.rank, n);
  CostEstimate cost;
  cost.peak_bytes = undirected_bytes(size) + std::max(matrix + 4 * width * n * 4, 4 * eigenpairs * n * 4);
  constexpr double kSparseAdds = 4e9, kDenseAdds = 5e10;
  const auto nodes = static_cast<double>(n);
  const double making = small ? options.window * static_cast<double>(size.nnz) * nodes / kSparseAdds
                              : nodes * nodes * options.rank / kDenseAdds +
                                    40 * static_cast<double>(size.nnz * eigenpairs) / kSparseAdds;
  const double factorizing = 2.0 * (options.num_iterations + 1) * nodes * nodes * static_cast<double>(width) *
                             (dense ? 1 / kDenseAdds : 0.1 / kSparseAdds);
  cost.seconds = (making + factorizing) / context.num_threads();
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<NetMFOptions>(
    {.name = "netmf",
     .class_name = "NetMF",
     .summary = "Node vectors by factorising the matrix that DeepWalk factorises implicitly",
     .description =
         "Computes in closed form what DeepWalk's walks and skip-gram approximate by sampling: the logarithm of how "
         "much more often two nodes meet within a window of a random walk than by chance, and factorises it. The "
         "best labels of the factorising learners on BlogCatalog; standardise the columns for a classifier. Time and "
         "memory grow with the square of the nodes: a few tens of thousands are its limit.\n"
         "Nodes without edges get zero vectors. Weights of edges count; directions do not.",
     .source = "Qiu, Dong, Ma, Li, Wang, Tang: Network Embedding as Matrix Factorization, WSDM 2018, arXiv 1710.02971",
     .example = "whitney learn netmf edges.tsv -o nodes.safetensors --window 10"},
    netmf, estimate_netmf);
// clang-format on

}  // namespace

}  // namespace whitney::graph
