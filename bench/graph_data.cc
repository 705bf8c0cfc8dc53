#include "bench/graph_data.h"

#include <vector>

#include "whitney/data/readers.h"

namespace whitney::bench {

Graph without_self_loops(const Graph& graph) {
  std::vector<uint32_t> sources, targets;
  for (int64_t u = 0; u < graph.num_nodes(); ++u) {
    for (uint32_t v : graph.neighbors(u)) {
      if (u < v) sources.push_back(static_cast<uint32_t>(u)), targets.push_back(v);
    }
  }
  return build_graph(graph.ids, {sources, targets, {}}, false, Context());
}

std::optional<LabelledGraph> read_labelled_graph(const std::string& name) {
  const std::optional<std::string> folder = find_data(name);
  if (!folder) return std::nullopt;
  const Context context;
  return LabelledGraph{without_self_loops(read_edge_list(*folder + "/edges.txt.gz", {}, context)),
                       read_labels(*folder + "/labels.txt.gz", context)};
}

}  // namespace whitney::bench
