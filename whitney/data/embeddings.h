#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/linalg/metric.h"

namespace whitney {

/// The one artifact: n ids, an n x d matrix, typed attributes and provenance. Every learner makes it.
struct WHITNEY_API Embeddings {
  Ids ids;
  /// n x d; float32, float16, bfloat16, int8 or uint8.
  Matrix vectors;
  Attributes attributes;
  /// Provenance, an object: method, options, seed, metric, inputs, quality, parents (docs/file-format.md).
  Value record = Value::object();
  /// The file that they were read from, which errors name; empty for those made in memory. Never stored.
  std::string path = {};

  int64_t size() const { return vectors.rows(); }
  int64_t dim() const { return vectors.cols(); }
  /// The metric of the record, else cosine.
  Metric metric() const;
  /// Throws Error when ids, vectors and attributes differ in rows, an id stands twice, a value is NaN or
  /// infinite, or there are more than 2^32 - 1 rows; the sentence names the file, the row and its id.
  void validate(const Context& context = {}) const;
};

/// Throws Error that names the first row with a value that is NaN or infinite, its id and the dimension.
WHITNEY_API void check_finite(const Matrix& vectors, const Ids& ids, const Context& context);

/// A table: ids and attributes without vectors.
struct WHITNEY_API Table {
  Ids ids;
  Attributes attributes;
  /// Provenance of a table that a method made, as of Embeddings; else an empty object.
  Value record = Value::object();
};

/// xxh3-128 over ids, vectors and attributes: the fingerprint of an input in a record, the same in memory and
/// mapped.
WHITNEY_API std::string fingerprint(const Embeddings& embeddings);
WHITNEY_API std::string fingerprint(const Table& table);

/// Left-joins the columns of `table` by id. Unmatched rows on either side are counted in `unmatched_rows`
/// (rows of ids that the table lacks) and `unused_rows` (rows of the table that no id asks for).
struct JoinResult {
  Attributes attributes;
  int64_t unmatched_rows = 0;
  int64_t unused_rows = 0;
};
WHITNEY_API JoinResult join_attributes(const Ids& ids, const Table& table);

/// Adds the columns of `more` behind those of `attributes`, of the same rows. Throws Error when both have a
/// name.
WHITNEY_API void append_columns(Attributes& attributes, const Attributes& more);

}  // namespace whitney
