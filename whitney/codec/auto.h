#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "whitney/codec/codec.h"
#include "whitney/core/api.h"
#include "whitney/core/options.h"
#include "whitney/linalg/metric.h"

namespace whitney::codec {

/// Options of the choice of a codec.
struct AutoOptions {
  std::string budget = "0.25";
  int64_t num_queries = 200;
  void fields(auto&& field) {
    field("budget", budget,
          "Most bytes of all codes: a size such as 64MB, or a share of the float32 vectors such as 0.25");
    field("num_queries", num_queries, Range{1, 100'000},
          "Vectors of the data that are held out and searched");
  }
};

/// A codec that was tried on a sample.
struct CodecTrial {
  std::string method;
  Value options = Value::object();
  int64_t bytes_per_vector = 0;
  double relative_error = 0;
  /// Recall@10 of a scan of the codes, of which both levels rank the 40 best, and of one of which the full
  /// vectors do.
  double recall = 0, recall_with_vectors = 0;
};

/// Tries the codecs that fit in `bytes_per_vector` on a sample of 10,000 rows, best first: by recall, then by
/// fewer bytes. Throws Error when none fits.
WHITNEY_API std::vector<CodecTrial> try_codecs(const Rows& rows, Metric metric, int64_t bytes_per_vector,
                                               int64_t num_queries, const Context& context);

/// The most bytes of a vector that a budget leaves ("64MB", "0.25"). Throws UsageError.
WHITNEY_API int64_t budget_per_vector(const std::string& budget, int64_t num_rows, int64_t dim);

}  // namespace whitney::codec
