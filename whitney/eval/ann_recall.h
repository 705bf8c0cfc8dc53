#pragma once

#include <optional>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/search/index.h"

namespace whitney {

/// Options of the recall of an index, counted as ann-benchmarks does.
struct AnnRecallOptions {
  std::vector<int> k = {1, 10, 100};
  std::vector<int> ef;
  int num_queries = 1000;
  std::optional<Path> queries;
  double epsilon = 1e-3;
  MethodChoice index{"hnsw", Value::object()};
  void fields(auto&& field) {
    field("k", k, Range{1, 1e6}, "Hits per query, k of recall@k");
    field("ef", ef, Range{1, 1e6}, "Values of the search option ef to measure; none: the index's default");
    field("num_queries", num_queries, Range{1, 1e7},
          "Rows drawn as queries, each left out of its own answer, when --queries gives none");
    field("queries", queries, "Queries: a file of vectors (embeddings, .npy, .fvecs, ...)");
    field("epsilon", epsilon, Range{0, 1},
          "A hit counts up to this share beyond the k-th true distance (ties and rounding)");
    field("index", index, "index", "Index to build when the input holds embeddings");
  }
};

/// Measures how many of the k nearest an index finds, by distance: a hit counts when its distance is at most
/// that of the k-th true neighbour times 1 + epsilon, so that equal distances are no errors. Truth is a scan
/// of `truth` (the index itself, or a flat one over the vectors it was built of); distances are computed here
/// from the stored vectors, not taken from the answers. Under cosine the distance is 1 - score; under inner
/// product a hit counts when its score is at least the k-th true one less epsilon times its size.
///
/// queries: m x d; excluded: a row to leave out per query, or empty. One row of the report per k and ef,
/// labels {"k", "ef" if given}: recall in % (of min(k, rows there are)) averaged over the queries, and
/// queries/s of one batch with the context's threads, the better of two runs.
WHITNEY_API Report ann_recall(const Index& index, const Index& truth, const MatrixView& queries,
                              const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
                              const Context& context);

}  // namespace whitney
