#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/data/attributes.h"
#include "whitney/data/ids.h"
#include "whitney/linalg/metric.h"

namespace whitney {

/// Embeddings whose rows are not one dense vector each: sparse vectors (weights of words), or several vectors
/// a row (one for each token of a text). Arrays may view a mapped file.
struct WHITNEY_API RaggedEmbeddings {
  Ids ids;
  /// n + 1 places: row i has the entries [starts[i], starts[i + 1]), values or rows of `vectors`.
  Array<int64_t> starts;
  bool is_sparse = false;
  /// Sparse: the dimension of each entry, ascending within a row and below num_dims, and its value.
  Array<int32_t> indices;
  Array<float> values;
  int64_t num_dims = 0;
  /// Several vectors a row, float32.
  Matrix vectors;
  Attributes attributes;
  /// Provenance, as of Embeddings.
  Value record = Value::object();
  /// The file that they were read from, which errors name; empty for those made in memory.
  std::string path = {};

  int64_t size() const { return starts.empty() ? 0 : starts.size() - 1; }
  int64_t num_entries() const { return is_sparse ? values.size() : vectors.rows(); }
  /// Width of a vector.
  int64_t dim() const { return is_sparse ? num_dims : vectors.cols(); }
  /// The metric of the record, else cosine.
  Metric metric() const;
  /// Throws Error when ids, starts, entries and attributes do not fit one another, an id stands twice,
  /// dimensions of a row do not ascend, or a value is NaN or infinite; the sentence names the file, the row
  /// and its id.
  void validate(const Context& context = {}) const;
  /// The same of starts and entries alone: what queries are asked for.
  void validate_entries(const Context& context = {}) const;
  /// Some rows in their order, without ids and attributes. The starts must fit the entries.
  RaggedEmbeddings entries_of(std::span<const int64_t> rows) const;
};

/// Sparse rows from compressed ones (scipy's CSR) whose dimensions may come in any order; values of equal
/// dimensions of a row are added up. `starts` has n + 1 places. Throws Error for places and dimensions out of
/// bounds.
WHITNEY_API RaggedEmbeddings sparse_rows_of(std::span<const int64_t> starts, std::span<const int64_t> indices,
                                            std::span<const float> values, int64_t num_dims);

/// The entries of `more` behind those of `first`, of equal kind; ids and attributes are left out.
WHITNEY_API RaggedEmbeddings joined_entries(const RaggedEmbeddings& first, const RaggedEmbeddings& more);

/// xxh3-128 over ids, entries and attributes.
WHITNEY_API std::string fingerprint(const RaggedEmbeddings& embeddings);

/// True for an artifact of such rows: `vectors` with `vectors.starts`, or `sparse.starts/indices/values`.
WHITNEY_API bool holds_ragged(const Artifact& artifact);
/// Views the mapped file. Throws Error that names the file and the tensor that does not fit the others.
WHITNEY_API RaggedEmbeddings load_ragged(const Artifact& artifact);

}  // namespace whitney
