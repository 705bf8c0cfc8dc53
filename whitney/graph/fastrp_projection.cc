#include "whitney/graph/fastrp_projection.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/parallel.h"
#include "whitney/graph/fastrp_features.h"
#include "whitney/graph/fastrp_plan.h"
#include "whitney/graph/random_projection.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

double sparsity_of(const FastRPOptions& options, int64_t num_nodes) {
  return options.sparsity ? *options.sparsity
                          : std::sqrt(static_cast<double>(std::max<int64_t>(num_nodes, 1)));
}

double degree_of(const Graph& graph, int64_t node, NeighborMean mean_by) {
  if (!graph.weighted() || mean_by == NeighborMean::kNeighborCount)
    return static_cast<double>(graph.neighbors(node).size());
  double sum = 0;
  for (float weight : graph.neighbor_weights(node)) sum += weight;
  return sum;
}

}  // namespace

FastRPWalk make_walk(const Graph& graph, const FastRPOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes();
  const double beta = beta_of(options);
  FastRPWalk walk;
  walk.matrix = {n, n, graph.offsets.span(), graph.targets.span(), graph.weights.span()};
  walk.projection_scale.resize(static_cast<size_t>(n));
  const bool transition = options.input == FastRPInput::kTransition;
  if (transition) walk.row_scale.resize(static_cast<size_t>(n));
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      const double degree = degree_of(graph, node, options.mean_by);
      const auto i = static_cast<size_t>(node);
      walk.projection_scale[i] = degree > 0 ? static_cast<float>(std::pow(degree, beta)) : 1.0F;
      if (transition) walk.row_scale[i] = degree > 0 ? static_cast<float>(1 / degree) : 0.0F;
    }
  });
  return walk;
}

Matrix make_projection(const Graph& graph, const FastRPWalk& walk, const Matrix& features,
                       const FastRPOptions& options, const Context& context) {
  const int64_t n = graph.num_nodes(), dim = options.dim;
  const RandomProjection projection(options.projection, dim, sparsity_of(options, n), context.seed, "fastrp");
  Matrix result(n, dim);
  float* values = result.mutable_data<float>();
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      float* row = values + node * dim;
      projection.write_row(random_key(graph.ids, node), row);
      const float scale = walk.projection_scale[static_cast<size_t>(node)];
      for (int64_t j = 0; j < dim; ++j) row[j] *= scale;
    }
  });
  project_features(features, options, context, result);
  return result;
}

}  // namespace whitney::graph
