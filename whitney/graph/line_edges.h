#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/alias_table.h"
#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/fast_random.h"
#include "whitney/data/graph.h"
#include "whitney/text/skip_gram_pairs.h"

namespace whitney::graph {

/// An edge in one of its directions.
struct DrawnEdge {
  uint32_t source;
  uint32_t target;
};

/// Draws edges u -> v of a graph with a probability proportional to their weight, each edge of an undirected
/// graph in either direction: u by its degree, v by the weights of u's edges, both by alias tables. That is
/// the law of one table over all edges, which would need 4 bytes more an edge to know its source. Keeps a
/// reference to the graph; const is safe for several threads.
class WHITNEY_API EdgeSampler {
 public:
  /// `degrees`: the sums of the weights of each row; at least one is above 0 where edges are drawn.
  EdgeSampler(const Graph& graph, std::span<const double> degrees, const Context& context)
      : graph_(graph),
        nodes_(make_alias_slots(degrees)),
        edges_(make_alias_rows(graph.offsets.span(), graph.weights.span(), context)) {}

  DrawnEdge draw(FastRandom& random) const;

 private:
  const Graph& graph_;
  std::vector<AliasSlot> nodes_;
  /// Tables of the rows; none where all edges weigh 1.
  Array<AliasSlot> edges_;
};

/// Edges as pairs (source, target) to train on, in chunks of up to 4,096: fewer where few are drawn, so that
/// no row is trained on very many at a time.
class WHITNEY_API EdgePairs : public text::PairSource {
 public:
  /// `edges` must outlive it. At least one chunk.
  EdgePairs(const EdgeSampler& edges, double num_samples, uint64_t seed);

  /// Draws in a chunk of so many.
  static int64_t chunk_size(double num_samples);

  int64_t num_chunks() const override { return num_chunks_; }
  double pairs_per_chunk() const override { return static_cast<double>(chunk_size_); }
  void read(int64_t chunk, text::PairBuffer& pairs) const override;

 private:
  const EdgeSampler& edges_;
  int64_t chunk_size_, num_chunks_;
  uint64_t seed_;
};

}  // namespace whitney::graph
