#pragma once

#include <cstdint>

#include "whitney/codec/codec.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/exact_search.h"
#include "whitney/linalg/metric.h"

namespace whitney::codec {

/// Rows that are searched, others that are searched for, and the 10 nearest of each.
struct SearchSample {
  Matrix base, queries;
  Neighbors truth;
  Metric metric = Metric::kL2;
};

/// Takes at most 10,000 rows and, beside them, `num_queries` that are held out; half of the rows at most.
/// Throws Error when there is one row only.
SearchSample search_sample(const Rows& rows, Metric metric, int64_t num_queries, const Context& context);

/// Recall@10 of searches in a sample's codes, as codes_index makes them by default.
struct CodecRecall {
  /// Of a scan of the codes, without their second level.
  double by_codes = 0;
  /// The best of the scan ranked again by the second level; as by_codes where there is none.
  double rescored = 0;
  /// The best of the scan ranked again by the full vectors.
  double with_vectors = 0;
};

/// Encodes the sample's base and searches it. What is ranked again are the 40 best, or, of a codec with
/// bounds, all that could be among the 10 best by them.
CodecRecall measure_recall(const Codec& codec, const SearchSample& sample, const Context& context);

}  // namespace whitney::codec
