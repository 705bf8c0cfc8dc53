#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/codec/codec.h"
#include "whitney/codec/codec_recall.h"
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
          "Most bytes of the file, with ids and attributes: a size such as 64MB, or a share of the float32 "
          "vectors such as 0.25");
    field("num_queries", num_queries, Range{1, 100'000},
          "Vectors of the data that are held out and searched");
  }
};

/// A codec that was tried on a sample.
struct CodecTrial {
  std::string method;
  /// As a user would give them.
  Value options = Value::object();
  int64_t bytes_per_vector = 0;
  /// Of the file of all vectors.
  int64_t file_bytes = 0;
  double relative_error = 0;
  CodecRecall recall;
};

/// Tells the bytes of the file that a fitted codec makes of all vectors: their codes, what was fitted, and
/// what stands beside them. Its options are resolved.
using FileBytes = std::function<int64_t(const std::shared_ptr<const Codec>& codec, std::string_view method,
                                        const Value& options)>;

/// Tries the codecs whose files take at most `budget` bytes on a sample of 10,000 rows, best first: by recall
/// of a search that has the file alone, then by fewer bytes. Throws Error that tells the least file when none
/// fits.
WHITNEY_API std::vector<CodecTrial> try_codecs(const Rows& rows, Metric metric, int64_t budget,
                                               const FileBytes& file_bytes, int64_t num_queries,
                                               const Context& context);

/// The bytes of a budget: "64MB", or a share of the float32 vectors such as "0.25". Throws UsageError.
WHITNEY_API int64_t budget_bytes(const std::string& budget, int64_t num_rows, int64_t dim);

}  // namespace whitney::codec
