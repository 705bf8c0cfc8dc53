#pragma once

#include <optional>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/options.h"
#include "whitney/core/report.h"
#include "whitney/data/ragged.h"
#include "whitney/search/index.h"

namespace whitney {

/// Options of the recall of an index, counted as ann-benchmarks does.
struct AnnRecallOptions {
  std::vector<int> k = {1, 10, 100};
  std::vector<std::string> sweep;
  int num_queries = 1000;
  std::optional<Path> queries;
  double epsilon = 1e-3;
  MethodChoice index{"hnsw", Value::object()};
  void fields(auto&& field) {
    field("k", k, Range{1, 1e6}, "Hits per query, k of recall@k");
    field("sweep", sweep,
          "Values of the search's options to measure, NAME=VALUE,VALUE,..., each with each where several are "
          "named; values without a name are those of the first option that the index declares (ef, nprobe, "
          "rescore); none: the index's defaults");
    field("num_queries", num_queries, Range{1, 1e7},
          "Rows drawn as queries, each left out of its own answer, when --queries gives none");
    field("queries", queries,
          "Queries: a file of vectors (embeddings, .npy, .fvecs, ...), or of what an index of ragged rows "
          "holds");
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
/// queries: m x d; excluded: a row to leave out per query, or empty. One row of the report per k and setting
/// of the swept options, labels {"k", and these}: recall in % (of min(k, rows there are)) averaged over the
/// queries, and queries/s of one batch with the context's threads, the better of two runs. Throws UsageError
/// for an option to sweep that the index does not have, or a value that it does not take.
WHITNEY_API Report ann_recall(const Index& index, const Index& truth, const MatrixView& queries,
                              const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
                              const Context& context);

/// The same for indexes of sparse vectors and of several vectors a row: distances are negated scores, which a
/// scan of the truth gives the rows that were found.
WHITNEY_API Report ann_recall(const Index& index, const Index& truth, const RaggedEmbeddings& queries,
                              const std::vector<int64_t>& excluded, const AnnRecallOptions& options,
                              const Context& context);

}  // namespace whitney
