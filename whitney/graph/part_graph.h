#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/graph/groups.h"

/// The steps of a partitioned embedding that look at the graph: each a function of the graph and of the
/// numbers of parts alone, so that they can run anywhere, one part at a time.
namespace whitney::graph {

/// A piece of a graph that is embedded by itself.
struct PartGraph {
  Graph graph;
  /// Row in the whole graph of each of its nodes, ascending.
  std::vector<uint32_t> rows;
  /// 1 for the part's own nodes, 0 for its halo; empty: all are its own.
  std::vector<uint8_t> is_core;
};

/// Which edges hold border nodes together.
enum class BorderEdges : uint8_t { kInduced, kCut, kNone };
inline constexpr auto enum_names(BorderEdges) {
  return std::array<std::string_view, 3>{"induced", "cut", "none"};
}

/// The rows of one part, ascending.
std::vector<uint32_t> rows_of_part(std::span<const uint32_t> part_of, uint32_t part);

/// The sub-graph of the nodes `rows` (ascending) and all edges among them, with their ids, weights and
/// directions.
PartGraph induced_graph(const Graph& graph, std::vector<uint32_t> rows, const Context& context);

/// The sub-graph of a part and of its halo: neighbours outside, by edges of any direction, at most max_halo
/// times as many as the part has nodes; those with the most weight into the part (equal: the lower row).
PartGraph part_with_halo(const Graph& graph, std::span<const uint32_t> part_of, uint32_t part,
                         double max_halo, const Context& context);

/// A node and the weight of the edges to it.
struct WeighedNode {
  uint32_t node;
  double weight;
};

/// All parts of a graph, for a run that asks for each of them: O(n + nnz) once, and then what a part and its
/// edges take, where the functions above look at all nodes for each part. Of a directed graph it keeps the
/// edges that are cut. `graph` and `part_of` must outlive it.
class Parts {
 public:
  Parts(const Graph& graph, std::span<const uint32_t> part_of, int parts);

  /// As rows_of_part.
  std::span<const uint32_t> rows(uint32_t part) const { return groups_.of(part); }
  /// As part_with_halo.
  PartGraph with_halo(uint32_t part, double max_halo, const Context& context) const;

 private:
  const Graph& graph_;
  std::span<const uint32_t> part_of_;
  Groups groups_;
  /// The cut edges of a directed graph by the part that they lead into: sources and weights.
  std::vector<int64_t> incoming_starts_;
  std::vector<WeighedNode> incoming_;
};

/// The sub-graph of the border: all edges among its nodes, or those alone that lead from part to part.
PartGraph border_graph(const Graph& graph, std::span<const uint32_t> part_of, BorderEdges edges,
                       const Context& context);

/// The sub-graph by which parts are aligned, with all edges among its nodes: the border's, and where these
/// are fewer than `max_nodes`, inner nodes beside them; each time those with the most edges in the whole
/// graph (equal: the lower row). Empty where no edge leads from part to part.
PartGraph frame_graph(const Graph& graph, std::span<const uint32_t> part_of, int64_t max_nodes,
                      const Context& context);

}  // namespace whitney::graph
