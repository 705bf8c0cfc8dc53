#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/graph.h"
#include "whitney/eval/reconstruction_decoder.h"

namespace whitney::eval {

/// What is measured of each decoder.
struct ReconstructionPlan {
  int max_hops = 3;
  /// Nodes whose ranking of all others is measured.
  std::vector<int64_t> sources;
  /// Sizes K of precision@K over pairs, ascending.
  std::vector<int64_t> pair_counts;
  bool gem_compatible = false;
  /// Scores that a worker holds at a time, as long as they are those of eight sources or more (a product of
  /// fewer rows would wait for the vectors of all nodes). Changes no figure.
  int64_t scores_at_once = 1 << 22;
};

/// Means over the sources that have nodes in a hop set; NaN where none has.
struct HopFigures {
  int64_t num_sources = 0;
  double mean_relevant = 0;
  double map = 0, optimistic_map = 0, pessimistic_map = 0, gem_map = 0;
  /// Share of the first R ranks that are relevant: precision@|N|.
  double precision = 0;
  /// Standard errors of the means, as if sources were drawn one by one (sample_nodes does better), with the
  /// finite population correction: 0 when all nodes were sources.
  double map_error = 0, precision_error = 0;
  /// What a random order of the candidates is expected to get.
  double chance_map = 0, chance_precision = 0;
};

struct ReconstructionFigures {
  /// Nodes exactly 1..max_hops hops away, then nodes at most so many away.
  std::vector<HopFigures> exact, cumulative;
  /// Share of the ranked candidates (down to the last relevant one) whose score another one has.
  double tied = 0;
  /// For each of pair_counts.
  std::vector<double> precision_at;
  /// Edges among all pairs of a source and a candidate: the chance level of precision_at.
  double density = 0;
};

/// Measures how well scores of pairs find the nodes around each source. Sources go in blocks of 64: one
/// breadth-first search, one dense product, then a ranking each. The same figures for any number of threads.
/// O(q (n d + nnz max_hops / 64)) for q sources. Throws Cancelled between blocks.
WHITNEY_API ReconstructionFigures measure_reconstruction(const PairScores& scores, const Graph& graph,
                                                         const ReconstructionPlan& plan,
                                                         const Context& context);

/// Draws `count` nodes without repetition, ascending; all of them when there are no more. Nodes are drawn at
/// even steps from the first to the last by degree (equal degrees in random order), each with the same
/// chance: what goes with the degree, as average precision does, then varies less from sample to sample.
WHITNEY_API std::vector<int64_t> sample_nodes(const Graph& graph, int64_t count, const Context& context);

}  // namespace whitney::eval
