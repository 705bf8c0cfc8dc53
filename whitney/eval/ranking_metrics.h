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

/// Computes the mean of 1 / ceil(rank / scale) over the ranks, from 1, of what queries look for: the mean
/// reciprocal rank for very many candidates, among which all ranks up to `scale` are as good (PinSage, arXiv
/// 1806.01973, section 4.1, has 100; 1 is the plain mean). 0 without ranks. Throws Error for a rank or a
/// scale below 1.
WHITNEY_API double scaled_reciprocal_rank(std::span<const int64_t> ranks, int64_t scale);

}  // namespace whitney::eval
