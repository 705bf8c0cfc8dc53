#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/graph/visit_counts.h"
#include "whitney/linalg/sparse_matrix.h"
#include "whitney/train/gnn/pinsage_labels.h"
#include "whitney/train/gnn/pinsage_options.h"

namespace whitney::gnn {

/// Ranks, from 1, by personalised PageRank of an item, between which hard negatives lie.
struct RankBand {
  int64_t from = 0, to = 0;
};

/// The shares of the options as ranks: from at least 20 and to at most 5,000 (the end of the paper's band,
/// 2,000 to 5,000 of billions), within the catalogue. Throws UsageError where nothing is between them in any
/// catalogue; in one that is too small the band is empty.
RankBand hard_band(int64_t num_items, const PinSageOptions& options);

/// How many hard negatives each pair of an epoch has (from 0): as many as epochs are over, up to
/// `hard_negatives` (section 3.3: none at first, n - 1 in epoch n).
int64_t curriculum(int64_t epoch, const PinSageOptions& options);

/// Draws negatives.
class PinSageNegatives {
 public:
  /// Ranks the items of the graph for each item by truncated_page_rank of 3 steps, beyond which ranks hardly
  /// change, and keeps the band without what labels call a good answer. Without hard negatives nothing is
  /// ranked.
  PinSageNegatives(const graph::ItemContexts& graph, std::span<const ItemPair> labels,
                   const PinSageOptions& options, const Context& context);

  /// Items that all pairs of a batch share, drawn uniformly with replacement by (seed, number of the batch).
  std::vector<uint32_t> shared(int64_t number) const;
  /// Appends `count` items of the query's band, uniform with replacement, by (seed, epoch, example); the
  /// query itself, which counts for nothing, where its band is empty.
  void hard(uint32_t query, int64_t count, int64_t epoch, int64_t example,
            std::vector<uint32_t>& items) const;

 private:
  int64_t num_items_, num_shared_;
  uint64_t seed_;
  /// Row q: the items of its band.
  SparseMatrix bands_;
};

}  // namespace whitney::gnn
