#include "whitney/graph/groups.h"

#include <numeric>

namespace whitney::graph {

std::vector<int64_t> sizes_of(std::span<const uint32_t> labels, int64_t num_labels) {
  std::vector<int64_t> sizes(static_cast<size_t>(num_labels));
  for (const uint32_t label : labels) ++sizes[label];
  return sizes;
}

Groups group(std::span<const uint32_t> labels, int64_t num_labels) {
  Groups groups;
  const std::vector<int64_t> sizes = sizes_of(labels, num_labels);
  groups.starts.assign(sizes.size() + 1, 0);
  std::partial_sum(sizes.begin(), sizes.end(), groups.starts.begin() + 1);
  std::vector<int64_t> next(groups.starts.begin(), groups.starts.end() - 1);
  groups.nodes.resize(labels.size());
  for (size_t v = 0; v < labels.size(); ++v)
    groups.nodes[static_cast<size_t>(next[labels[v]]++)] = static_cast<uint32_t>(v);
  return groups;
}

}  // namespace whitney::graph
