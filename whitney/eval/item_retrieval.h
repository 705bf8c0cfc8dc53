#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/id_pairs.h"
#include "whitney/data/ids.h"
#include "whitney/eval/bootstrap.h"
#include "whitney/eval/item_scores.h"
#include "whitney/eval/vector_source.h"
#include "whitney/linalg/metric.h"

namespace whitney {

/// Options of the quality of answers to items.
struct ItemRetrievalOptions {
  std::vector<int64_t> ks = {1, 10, 50, 500};
  int64_t rank_step = 100;
  std::optional<Metric> metric;
  std::optional<Path> items;
  eval::BootstrapOptions bootstrap = {.num_resamples = 0};
  eval::VectorSource source;

  void fields(auto&& field) {
    field("ks", ks, Range{1, 4294967295.0}, "Ranks down to which an answer is a hit");
    field("rank_step", rank_step, Range{1, 4294967295.0},
          "Ranks that count alike in scaled_mrr, 100 in the paper, which has millions of items; 10 says more "
          "of "
          "thousands");
    field("metric", metric, "How vectors are compared; absent: as their record says, else cosine");
    field("items", items, "Items, one a line: pairs that contain one are measured apart, too");
    bootstrap.fields(field);
    source.fields(field);
  }
};

/// Ranks all items but the query for each pair, ties by the lower id, and tells how high its answer stands.
/// Rows, labels {"slice"}: all pairs; where options.items names some (given in `listed`), pairs that contain
/// one and pairs that do not. Figures, means over pairs with bootstrap intervals where asked: hit@k, the
/// share of answers among the first k; mrr, the mean of 1 / rank; scaled_mrr, of 1 / ceil(rank / rank_step);
/// pairs. Pairs that name an unknown item count as missed, which a note tells. Throws Error when no pair is
/// known, or an item answers itself. ids: of the items of `scores`, ascending.
WHITNEY_API Report item_retrieval(const eval::ItemScores& scores, const Ids& ids, const IdPairs& pairs,
                                  const std::optional<std::vector<std::string>>& listed,
                                  const ItemRetrievalOptions& options, const Context& context);

}  // namespace whitney
