#include "whitney/graph/components.h"

namespace whitney::graph {

Components components_of(const Graph& graph) {
  constexpr auto kNone = static_cast<uint32_t>(-1);
  Components result{std::vector<uint32_t>(static_cast<size_t>(graph.num_nodes()), kNone), 0};
  std::vector<uint32_t> waiting;
  for (int64_t first = 0; first < graph.num_nodes(); ++first) {
    if (result.of_node[static_cast<size_t>(first)] != kNone) continue;
    const auto number = static_cast<uint32_t>(result.count++);
    result.of_node[static_cast<size_t>(first)] = number;
    waiting.push_back(static_cast<uint32_t>(first));
    while (!waiting.empty()) {
      const uint32_t u = waiting.back();
      waiting.pop_back();
      for (const uint32_t v : graph.neighbors(u)) {
        if (result.of_node[v] != kNone) continue;
        result.of_node[v] = number;
        waiting.push_back(v);
      }
    }
  }
  return result;
}

}  // namespace whitney::graph
