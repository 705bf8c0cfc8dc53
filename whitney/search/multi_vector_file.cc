#include <string>
#include <string_view>

#include "whitney/core/error.h"
#include "whitney/data/artifact_hashes.h"
#include "whitney/search/artifact_numbers.h"
#include "whitney/search/multi_vector_index.h"

namespace whitney::search {

void save_multi_vector(const MultiVectorParts& parts, const IndexRows& rows, const std::string& path,
                       bool force, const Context& context) {
  ArtifactWriter writer("index", rows.record);
  const auto add = [&](const char* name, const auto& values) { add_numbers(writer, name, values); };
  add_matrix(writer, "vectors", parts.vectors);
  add_matrix(writer, "multi_vector.centroids", parts.centroids);
  add("vectors.starts", parts.starts);
  add("multi_vector.code_starts", parts.code_starts);
  add("multi_vector.codes", parts.codes);
  add("multi_vector.list_starts", parts.list_starts);
  add("multi_vector.list_rows", parts.list_rows);
  add_index_rows(writer, rows);
  writer.write(path, force, context);
}

MultiVectorParts open_multi_vector(const Artifact& artifact) {
  // Where rows and lists begin, 16 bytes a row, and the clusters; what they hold is checked as it is
  // followed.
  constexpr std::string_view kStructure[] = {"vectors.starts", "multi_vector.code_starts",
                                             "multi_vector.list_starts", "multi_vector.centroids"};
  verify_tensors(artifact, kStructure);
  MultiVectorParts parts;
  parts.metric = metric_in(artifact);
  parts.vectors = matrix_in(artifact, "vectors");
  parts.centroids = matrix_in(artifact, "multi_vector.centroids");
  parts.starts = numbers_in<int64_t>(artifact, "vectors.starts");
  parts.code_starts = numbers_in<int64_t>(artifact, "multi_vector.code_starts");
  parts.codes = numbers_in<uint32_t>(artifact, "multi_vector.codes");
  parts.list_starts = numbers_in<int64_t>(artifact, "multi_vector.list_starts");
  parts.list_rows = numbers_in<uint32_t>(artifact, "multi_vector.list_rows");
  if (parts.metric == Metric::kL2 || parts.starts.empty() ||
      parts.code_starts.size() != parts.starts.size() ||
      parts.list_starts.size() != parts.centroids.rows() + 1 ||
      parts.centroids.cols() != parts.vectors.cols()) {
    fail(artifact.path(), ": the tensors of its vectors and clusters do not fit one another");
  }
  return parts;
}

}  // namespace whitney::search
