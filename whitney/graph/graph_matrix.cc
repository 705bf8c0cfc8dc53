#include "whitney/graph/graph_matrix.h"

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/graph/undirected.h"

namespace whitney::graph {
namespace {

constexpr int64_t kRowBlock = 1024;

}  // namespace

Graph undirected(const Graph& graph, std::string_view method, const Context& context) {
  if (graph.num_nodes() == 0) fail(method, ": the graph has no nodes");
  if (!graph.directed) return graph;
  context.note(concat(method, ": the direction of edges has no effect: the graph is taken as undirected"));
  return without_directions(graph, context);
}

std::vector<double> degrees_of(const Graph& graph, const Context& context) {
  std::vector<double> degrees(static_cast<size_t>(graph.num_nodes()));
  parallel_blocks(context, graph.num_nodes(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      double degree = graph.weighted() ? 0 : static_cast<double>(graph.neighbors(u).size());
      for (const float weight : graph.neighbor_weights(u)) degree += weight;
      degrees[static_cast<size_t>(u)] = degree;
    }
  });
  return degrees;
}

Array<float> normalized_weights(const Graph& graph, const std::vector<double>& degrees,
                                const Context& context) {
  Array<float> result(graph.nnz());
  float* out = result.mutable_data();
  parallel_blocks(context, graph.num_nodes(), kRowBlock, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      for (int64_t e = graph.offsets[u]; e < graph.offsets[u + 1]; ++e) {
        const double weight = graph.weighted() ? graph.weights[e] : 1.0;
        out[e] = static_cast<float>(weight /
                                    std::sqrt(degrees[static_cast<size_t>(u)] * degrees[graph.targets[e]]));
      }
    }
  });
  return result;
}

std::vector<float> inverse_degrees(const std::vector<double>& degrees) {
  std::vector<float> result(degrees.size());
  for (size_t i = 0; i < degrees.size(); ++i)
    result[i] = degrees[i] > 0 ? static_cast<float>(1 / degrees[i]) : 0.0F;
  return result;
}

DataSize undirected_size(const DataSize& size) {
  DataSize result = size;
  if (size.directed) result.nnz *= 2;
  result.directed = false;
  return result;
}

int64_t undirected_bytes(const DataSize& size) {
  const int64_t second = size.directed ? graph_bytes(undirected_size(size)) - kProgramBytes : 0;
  return graph_bytes(size) + second;
}

}  // namespace whitney::graph
