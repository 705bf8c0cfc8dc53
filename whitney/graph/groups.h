#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace whitney::graph {

/// How many nodes each label has, for labels below `num_labels`.
std::vector<int64_t> sizes_of(std::span<const uint32_t> labels, int64_t num_labels);

/// The nodes of each label (community, part), behind one another and ascending.
struct Groups {
  /// One start a label, and the end.
  std::vector<int64_t> starts;
  std::vector<uint32_t> nodes;

  std::span<const uint32_t> of(int64_t label) const {
    const auto from = static_cast<size_t>(starts[static_cast<size_t>(label)]);
    return std::span(nodes).subspan(from, static_cast<size_t>(starts[static_cast<size_t>(label) + 1]) - from);
  }
};

/// Groups nodes by labels below `num_labels`, by counting: O(n + num_labels).
Groups group(std::span<const uint32_t> labels, int64_t num_labels);

}  // namespace whitney::graph
