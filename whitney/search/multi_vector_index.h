#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/matrix.h"
#include "whitney/search/index.h"
#include "whitney/search/index_artifact.h"
#include "whitney/search/multi_vector.h"
#include "whitney/search/multi_vector_max_sim.h"

namespace whitney::search {

/// The parts of a multi_vector index. Arrays may view a mapped file; what they say is checked as it is
/// followed.
struct MultiVectorParts {
  Metric metric = Metric::kCosine;
  /// Of all rows, float32, of norm 1 under cosine; those of row r are [starts[r], starts[r + 1]).
  Matrix vectors;
  Array<int64_t> starts;
  Matrix centroids;
  /// The clusters that a row's vectors belong to, ascending, none twice: codes[code_starts[r]] up to
  /// codes[code_starts[r + 1] - 1]. And the rows of each cluster, ascending.
  Array<int64_t> code_starts;
  Array<uint32_t> codes;
  Array<int64_t> list_starts;
  Array<uint32_t> list_rows;

  VectorSets sets() const { return {vectors.view(), starts.span()}; }
  std::span<const uint32_t> codes_of(int64_t row) const;
  std::span<const uint32_t> rows_of(int64_t centroid) const;
  int64_t size_bytes() const;
};

/// Clusters the vectors of validated rows and notes which rows have which. The same bytes for any number of
/// threads.
MultiVectorParts build_multi_vector(const RaggedEmbeddings& rows, const MultiVectorOptions& options,
                                    const Context& context);
/// Puts more rows behind those there; the centroids stay.
void append_vectors(MultiVectorParts& parts, const RaggedEmbeddings& more, const Context& context);
/// Keeps some rows, ascending; the centroids stay.
void keep_vectors(MultiVectorParts& parts, std::span<const int64_t> rows);

/// Answers queries of several vectors each; see Index::search_ragged.
SearchResult search_multi_vector(const MultiVectorParts& parts, const IndexRows& rows,
                                 const RaggedEmbeddings& queries, const SearchParams& params,
                                 const Context& context);

void save_multi_vector(const MultiVectorParts& parts, const IndexRows& rows, const std::string& path,
                       bool force, const Context& context);
/// Views the mapped file. Throws Error.
MultiVectorParts open_multi_vector(const Artifact& artifact);

}  // namespace whitney::search
