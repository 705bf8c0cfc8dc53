#include "whitney/graph/undirected.h"

#include <vector>

namespace whitney::graph {

Graph without_directions(const Graph& graph, const Context& context) {
  std::vector<uint32_t> sources;
  sources.reserve(static_cast<size_t>(graph.nnz()));
  for (int64_t u = 0; u < graph.num_nodes(); ++u)
    sources.insert(sources.end(), graph.neighbors(u).size(), static_cast<uint32_t>(u));
  return build_graph(graph.ids, {sources, graph.targets.span(), graph.weights.span()}, false, context);
}

}  // namespace whitney::graph
