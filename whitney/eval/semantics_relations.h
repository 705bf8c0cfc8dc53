#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/data/graph.h"

namespace whitney::eval {

/// Named edges of a knowledge graph, and the graph without names or directions.
struct Triples {
  struct Triple {
    int64_t head, relation, tail;
  };
  std::vector<Triple> triples;
  /// Sorted.
  std::vector<std::string> relations;
  Graph graph;
};

/// Reads lines of head, relation and tail (tabs, or blanks). Throws Error that names file and line.
WHITNEY_API Triples read_triples(const std::string& path, const Context& context);

/// Mean cosine of the offsets x_tail - x_head of two triples: both of one relation, or one of it and one of
/// another. NaN where there are no such pairs. Offsets of length 0 are left out.
struct RelationFigures {
  int64_t num_triples = 0;
  double within = 0, across = 0;
};
/// One for each relation. vectors: a row of length 1 for each node. Exact: sums of unit offsets give the sum
/// over all pairs, O(triples d).
WHITNEY_API std::vector<RelationFigures> measure_relations(const MatrixView& vectors, const Triples& triples);

/// Euclidean distances of nodes at 1, 2, 3 hops from each other.
struct HopDistances {
  /// Means; NaN where no pair is so far apart.
  std::vector<double> means;
  /// Chance that a pair one hop apart is nearer than one three hops apart (equal distances count half).
  double auc = 0;
};
/// Draws up to `num_sources` nodes, and for each one node at each hop. vectors: as above.
WHITNEY_API HopDistances measure_hop_distances(const MatrixView& vectors, const Graph& graph,
                                               int64_t num_sources, const Context& context);

}  // namespace whitney::eval
