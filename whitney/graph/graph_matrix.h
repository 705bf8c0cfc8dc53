#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/data/learner.h"
#include "whitney/linalg/sparse.h"

/// A graph as the matrices that factorising learners work on.
namespace whitney::graph {

/// The graph without directions, for methods that are defined for such graphs: the same memory when it has
/// none; else an edge for each pair that one connects (weights both ways add up), and a note that says so.
/// Throws Error for a graph without nodes.
WHITNEY_API Graph undirected(const Graph& graph, std::string_view method, const Context& context);

/// The adjacency matrix A, n x n. Shows the graph's memory.
inline SparseView adjacency(const Graph& graph) {
  return {graph.num_nodes(), graph.num_nodes(), graph.offsets.span(), graph.targets.span(),
          graph.weights.span()};
}

/// Sums of the weights of each node's edges (their number, in a graph without weights).
WHITNEY_API std::vector<double> degrees_of(const Graph& graph, const Context& context);

/// Weights of N = D^-1/2 A D^-1/2 in the order of the graph's targets, for the degrees of an undirected
/// graph. No eigenvalue of N is beyond -1 and 1.
WHITNEY_API Array<float> normalized_weights(const Graph& graph, const std::vector<double>& degrees,
                                            const Context& context);

/// 1 / degree as float32, 0 where the degree is 0.
WHITNEY_API std::vector<float> inverse_degrees(const std::vector<double>& degrees);

/// The size of what `undirected` makes, where no edge stands in both directions.
DataSize undirected_size(const DataSize& size);

/// As graph_bytes, with the graph that `undirected` makes of one with directions beside it.
int64_t undirected_bytes(const DataSize& size);

}  // namespace whitney::graph
