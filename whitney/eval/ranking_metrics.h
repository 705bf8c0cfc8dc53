#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Figures of one query's ranking, as trec_eval computes them. A document is relevant when its grade is 1 or
/// more; those without a judgement count as grade 0.
struct RankingFigures {
  /// Over the whole ranking: trec_eval's map and recip_rank of one query.
  double average_precision = 0, reciprocal_rank = 0;
  /// One a cutoff: trec_eval's ndcg_cut, recall and P.
  std::vector<double> ndcg, recall, precision;
};

/// Computes them. ranked: the grades of the hits, best hit first; judged: all grades that the query has;
/// cutoffs: above 0. The gain of a hit is its grade (linear; negative grades gain nothing), discounted by
/// log2(rank + 1) (Järvelin, Kekäläinen 2002); the ideal is that of all judged documents. Precision divides
/// by the cutoff, also where there are fewer hits. Without relevant documents all figures are 0.
WHITNEY_API RankingFigures ranking_figures(std::span<const int64_t> ranked, std::span<const int64_t> judged,
                                           std::span<const int> cutoffs);

}  // namespace whitney::eval
