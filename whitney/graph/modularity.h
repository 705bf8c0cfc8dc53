#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"

namespace whitney::graph {

/// What a community's edges are compared with: the number that chance would put there, given the degrees.
enum class NullModel : uint8_t { kAuto, kUndirected, kDirected, kBipartite };
inline constexpr auto enum_names(NullModel) {
  return std::array<std::string_view, 4>{"auto", "undirected", "directed", "bipartite"};
}

/// A graph in the form that all three modularities share. Each node carries two masses x and y, and
///   Q = sum over communities c of ( w_in(c) / W - resolution X(c) Y(c) / W^2 ),
/// w_in(c) the weight of the edges inside, X and Y sums of masses, W the weight of all edges.
///   undirected (Newman & Girvan 2004):   x = y = degree / 2
///   directed   (Leicht & Newman 2008):   x = out-degree, y = in-degree
///   bipartite  (Barber 2007):            a user has x = degree, y = 0; an item x = 0, y = degree
/// A node of an aggregated graph carries the sums of its members.
struct WHITNEY_API ModularityGraph {
  /// Rows of a symmetric matrix without its diagonal.
  Array<int64_t> offsets;
  Array<uint32_t> neighbors;
  /// As long as `neighbors`, or empty: every edge weighs 1.
  Array<double> weights;
  /// Weight of each node's self-loop, that is of the edges inside it; empty: there is none.
  std::vector<double> loops;
  std::vector<double> x;
  /// Empty when y = x.
  std::vector<double> y;
  /// W.
  double total_weight = 0;
  /// The order in which nodes are visited: users before items; empty: by row.
  std::vector<uint32_t> order;

  int64_t num_nodes() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  double loop(int64_t node) const { return loops.empty() ? 0 : loops[static_cast<size_t>(node)]; }
  const std::vector<double>& y_masses() const { return y.empty() ? x : y; }
};

/// Brings a graph into the form of a null model; kAuto: as the graph is directed or not. Shares the arrays of
/// an undirected graph without weights and loops. Of a directed graph, bipartite takes the sources as users;
/// of an undirected one the side of the first row in each component (of an edge list: the first column).
/// Throws Error that names two nodes when a graph is not bipartite.
WHITNEY_API ModularityGraph make_modularity_graph(const Graph& graph, NullModel model,
                                                  const Context& context);

/// Computes Q of a partition, labels below the number of nodes. O(n + nnz). A graph without edges gives 0.
WHITNEY_API double modularity(const ModularityGraph& graph, std::span<const uint32_t> labels,
                              double resolution, const Context& context);

/// Makes one node of each community: labels 0..k-1, each used. Q of any partition of the result equals Q of
/// what it means for `graph`. The same bytes at any number of threads.
WHITNEY_API ModularityGraph aggregate(const ModularityGraph& graph, std::span<const uint32_t> labels,
                                      int64_t num_communities, const Context& context);

/// Numbers labels 0..k-1 by the row in which each stands first; gives k.
WHITNEY_API int64_t renumber(std::span<uint32_t> labels);

}  // namespace whitney::graph
