#include "whitney/graph/laplacian_eigenmaps.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/components.h"
#include "whitney/graph/graph_matrix.h"
#include "whitney/graph/node_vectors.h"
#include "whitney/linalg/largest_eigenpairs.h"

namespace whitney::graph {
namespace {

/// Where the known null vectors of the Laplacian are moved to: below all eigenvalues of N.
constexpr double kBelow = -1.1;

/// N less (1 - kBelow) v v^T of each null vector v = D^1/2 1_component / its norm.
class DeflatedWalk {
 public:
  DeflatedWalk(const Graph& graph, const std::vector<double>& degrees, const Components& components,
               const Context& context)
      : context_(context), components_(components), weights_(normalized_weights(graph, degrees, context)) {
    matrix_ = adjacency(graph);
    matrix_.weights = weights_.span();
    std::vector<double> volumes(static_cast<size_t>(components.count));
    for (size_t i = 0; i < degrees.size(); ++i) volumes[components.of_node[i]] += degrees[i];
    for (size_t i = 0; i < degrees.size(); ++i) {
      const double volume = volumes[components.of_node[i]];
      // A node of its own has the eigenvalue 0 in N.
      alone_.push_back(volume == 0);
      null_.push_back(volume > 0 ? std::sqrt(degrees[i] / volume) : 1);
    }
  }

  void multiply(const MatrixView& x, float* out) const {
    multiply_sparse(context_, matrix_, {}, x, out);
    // A line of columns at a time, for they are independent and rows of a component are not.
    parallel_blocks(context_, x.cols, 16, [&](int64_t begin, int64_t end) {
      const int64_t width = end - begin;
      std::vector<double> sums(static_cast<size_t>(components_.count * width));
      for (int64_t i = 0; i < x.rows; ++i) {
        double* sum = sums.data() + components_.of_node[static_cast<size_t>(i)] * width;
        const float* row = x.row<float>(i).data() + begin;
        for (int64_t j = 0; j < width; ++j) sum[j] += null_[static_cast<size_t>(i)] * row[j];
      }
      for (int64_t i = 0; i < x.rows; ++i) {
        const double* sum = sums.data() + components_.of_node[static_cast<size_t>(i)] * width;
        const double factor =
            null_[static_cast<size_t>(i)] * (alone_[static_cast<size_t>(i)] ? -kBelow : 1 - kBelow);
        float* row = out + i * x.cols + begin;
        for (int64_t j = 0; j < width; ++j) row[j] -= static_cast<float>(factor * sum[j]);
      }
    });
  }

 private:
  const Context& context_;
  const Components& components_;
  Array<float> weights_;
  SparseView matrix_;
  std::vector<double> null_;
  std::vector<bool> alone_;
};

/// Makes 0 what a column has in components that it does not belong to. An eigenvector of the whole is one of
/// each component that it is not 0 in, so that small parts are what the tolerance left: those whose squares
/// sum to at most the tolerance's over the number of components, by which no column moves by more than the
/// tolerance.
void drop_foreign_parts(Matrix& vectors, const Components& components, double tolerance,
                        const Context& context) {
  const double most = std::pow(std::min(tolerance, 0.1), 2) / static_cast<double>(components.count);
  const int64_t n = vectors.rows(), cols = vectors.cols();
  float* values = vectors.mutable_data<float>();
  parallel_blocks(context, cols, 16, [&](int64_t begin, int64_t end) {
    const int64_t width = end - begin;
    std::vector<double> squares(static_cast<size_t>(components.count * width));
    const auto of_row = [&](int64_t i) {
      return squares.data() + components.of_node[static_cast<size_t>(i)] * width;
    };
    for (int64_t i = 0; i < n; ++i) {
      const float* row = values + i * cols + begin;
      for (int64_t j = 0; j < width; ++j) of_row(i)[j] += double{row[j]} * row[j];
    }
    for (int64_t i = 0; i < n; ++i) {
      float* row = values + i * cols + begin;
      for (int64_t j = 0; j < width; ++j) row[j] = of_row(i)[j] <= most ? 0 : row[j];
    }
  });
}

/// The n x dim result of n x k eigenvectors, k <= dim, their columns divided as the options say.
Matrix scaled(const Eigenpairs& pairs, const std::vector<double>& degrees,
              const LaplacianEigenmapsOptions& options, const Context& context) {
  const int64_t n = std::ssize(degrees), found = std::ssize(pairs.values);
  Matrix result = Matrix::zeros(n, options.dim);
  float* out = result.mutable_data<float>();
  parallel_blocks(context, n, 1024, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const double degree = degrees[static_cast<size_t>(i)];
      if (degree == 0) continue;
      const double own = options.scale_by_degree ? 1 / std::sqrt(degree) : 1;
      for (int64_t k = 0; k < found; ++k) {
        const auto at = static_cast<size_t>(k);
        // lambda = 1 - the eigenvalue of N; below, it is rounding.
        const double lambda = std::max(1 - pairs.values[at], 1e-7);
        const double factor = options.commute_time ? own / std::sqrt(lambda) : own;
        out[i * options.dim + k] = static_cast<float>(factor * pairs.vectors.row<float>(i)[at]);
      }
    }
  });
  return result;
}

}  // namespace

Embeddings laplacian_eigenmaps(const Graph& given, const LaplacianEigenmapsOptions& options,
                               const Context& context) {
  constexpr std::string_view kName = "laplacian_eigenmaps";
  const Graph graph = undirected(given, kName, context);
  const int64_t n = graph.num_nodes();
  const std::vector<double> degrees = degrees_of(graph, context);
  const Components components = components_of(graph);
  const int64_t count = std::min<int64_t>(options.dim, n - components.count);
  if (count < options.dim) {
    context.note(concat(kName, ": ", n, " nodes in ", components.count, " components have ", count,
                        " eigenvectors; the other columns are 0"));
  }
  const DeflatedWalk walk(graph, degrees, components, context);
  Eigenpairs pairs = largest_eigenpairs(
      context, n, [&](const MatrixView& x, float* out) { walk.multiply(x, out); },
      {.count = count, .lower_bound = kBelow, .tolerance = options.tolerance, .purpose = std::string(kName)});
  if (count > 0 && !pairs.converged) {
    context.note(concat(kName, ": the eigenvectors are known up to ", pairs.residual,
                        ", not to the tolerance ", options.tolerance));
  }
  if (count > 0) drop_foreign_parts(pairs.vectors, components, options.tolerance, context);
  return node_embeddings(graph, scaled(pairs, degrees, options, context), Metric::kL2, "euclid", kName,
                         context, "no edge leads to another node, or all columns belong to other components");
}

CostEstimate estimate_laplacian_eigenmaps(const DataSize& size, const LaplacianEigenmapsOptions& options,
                                          const Context& context) {
  const int64_t n = size.num_rows, width = width_of_eigenpairs(options.dim, n);
  CostEstimate cost;
  cost.peak_bytes = undirected_bytes(size) + undirected_size(size).nnz * 4 + 4 * width * n * 4;
  constexpr double kMultiplyAddsPerSecond = 4e9, kProducts = 80;
  cost.seconds =
      kProducts * static_cast<double>(size.nnz * width) / (kMultiplyAddsPerSecond * context.num_threads());
  return cost;
}

namespace {

// clang-format off
const bool registered = register_graph_learner<LaplacianEigenmapsOptions>(
    {.name = "laplacian_eigenmaps",
     .class_name = "LaplacianEigenmaps",
     .summary = "Node vectors that lie close where edges are: the Laplacian's smoothest eigenvectors",
     .description =
         "Gives nodes the coordinates that differ least along edges: the eigenvectors of L y = lambda D y with the "
         "smallest eigenvalues above 0. Close vectors by Euclidean distance are likely neighbours. The null vectors, "
         "one for each connected component, are left out, so that a graph of many components does not spend its "
         "dimensions on them; standardise the columns for a classifier.\n"
         "Nodes without edges get zero vectors, and so do those of components that are connected so well, or so small, "
         "that all columns are of others. Weights of edges count; directions do not.",
     .source = "Belkin, Niyogi: Laplacian Eigenmaps and Spectral Techniques for Embedding and Clustering, NIPS 2001",
     .example = "whitney learn laplacian_eigenmaps edges.tsv -o nodes.safetensors --dim 64"},
    laplacian_eigenmaps, estimate_laplacian_eigenmaps);
// clang-format on

}  // namespace

}  // namespace whitney::graph
