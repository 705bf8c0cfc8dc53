#include "whitney/graph/undirected.h"

#include <vector>

namespace whitney::graph {

Graph without_directions(const Graph& graph, const Context& context) {
  return build_graph(graph.ids, {sources_of(graph), graph.targets.span(), graph.weights.span()}, false,
                     context);
}

}  // namespace whitney::graph
