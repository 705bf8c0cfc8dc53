#include "whitney/graph/fastrp_projection.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/parallel.h"
#include "whitney/graph/fastrp_features.h"
#include "whitney/graph/fastrp_plan.h"

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

bool has_sparse_projection(const FastRPOptions& options, int64_t num_nodes) {
  // Each entry is a jump. Measured where s is the root of the number of nodes: jumps lose at s = 101 (10,312
  // rows, which a cache holds) by a tenth and win at 226 and 512, by 1.3 and 1.5 times in the whole run.
  constexpr double kSparse = 128;
  return options.projection == Projection::kVerySparse && !options.features &&
         sparsity_of(options, num_nodes) >= kSparse;
}

SparseProjection::SparseProjection(const Graph& graph, const FastRPWalk& walk, const FastRPOptions& options,
                                   const Context& context)
    : dim_(options.dim), blocks_(static_cast<size_t>((graph.num_nodes() + kRowBlock - 1) / kRowBlock)) {
  const int64_t n = graph.num_nodes();
  const RandomProjection projection(options.projection, dim_, sparsity_of(options, n), context.seed,
                                    "fastrp");
  parallel_blocks(context, n, kRowBlock, [&](int64_t begin, int64_t end) {
    Block& block = blocks_[static_cast<size_t>(begin / kRowBlock)];
    std::vector<RandomProjection::Entry> entries;
    for (int64_t node = begin; node < end; ++node) {
      projection.sparse_row(random_key(graph.ids, node), entries);
      const float scale = walk.projection_scale[static_cast<size_t>(node)];
      for (const auto& [column, value] : entries) block.entries.push_back({column, value * scale});
      block.ends.push_back(static_cast<uint32_t>(block.entries.size()));
    }
  });
}

std::span<const RandomProjection::Entry> SparseProjection::row(int64_t node) const {
  const Block& block = blocks_[static_cast<size_t>(node / kRowBlock)];
  const auto at = static_cast<size_t>(node % kRowBlock);
  const size_t begin = at == 0 ? 0 : block.ends[at - 1];
  return std::span(block.entries).subspan(begin, block.ends[at] - begin);
}

void SparseProjection::multiply(const FastRPWalk& walk, const Context& context, float* out) const {
  const SparseView& matrix = walk.matrix;
  parallel_blocks(context, matrix.rows, kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t node = begin; node < end; ++node) {
      const auto i = static_cast<size_t>(node);
      float* sums = out + node * dim_;
      std::fill_n(sums, dim_, 0.0F);
      for (auto e = static_cast<size_t>(matrix.offsets[i]); e < static_cast<size_t>(matrix.offsets[i + 1]);
           ++e) {
        const float weight = matrix.weights.empty() ? 1.0F : matrix.weights[e];
        for (const auto& [column, value] : row(matrix.columns[e])) sums[column] += weight * value;
      }
      if (walk.row_scale.empty()) continue;
      for (int64_t j = 0; j < dim_; ++j) sums[j] *= walk.row_scale[i];
    }
  });
}

}  // namespace whitney::graph
