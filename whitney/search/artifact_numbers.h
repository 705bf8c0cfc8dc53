#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/matrix.h"
#include "whitney/core/value.h"
#include "whitney/data/artifact.h"
#include "whitney/data/embeddings.h"
#include "whitney/linalg/metric.h"

namespace whitney::search {

/// Gives the numbers of a tensor of one dimension; a mapped file stays mapped. Throws Error that names file
/// and tensor.
template <class T>
Array<T> numbers_in(const Artifact& artifact, std::string_view name) {
  const TensorView& tensor = artifact.tensor(name);
  if (tensor.shape.size() != 1) fail(artifact.path(), ": tensor \"", name, "\" must have one dimension");
  return tensor.as<T>();
}

/// Gives the rows of a tensor of two dimensions of float32; a mapped file stays mapped. Throws Error that
/// names file and tensor.
inline Matrix matrix_in(const Artifact& artifact, std::string_view name) {
  const TensorView& tensor = artifact.tensor(name);
  tensor.check_type(DType::kF32);
  if (tensor.shape.size() != 2) fail(artifact.path(), ": tensor \"", name, "\" must have two dimensions");
  return {tensor.aligned_bytes(), tensor.shape[0], tensor.shape[1], DType::kF32};
}

/// Adds float32 rows as a tensor of two dimensions.
inline void add_matrix(ArtifactWriter& writer, std::string name, const Matrix& matrix) {
  writer.add(std::move(name), DType::kF32, {matrix.rows(), matrix.cols()}, matrix.bytes());
}

template <class T>
void add_numbers(ArtifactWriter& writer, std::string name, const Array<T>& values) {
  writer.add(std::move(name), {values.size()}, values);
}

/// Gives what the record says of an index of this method. Throws Error that names the file.
inline const Value& described_index(const Artifact& artifact, std::string_view method) {
  const Value* description = artifact.record().find(method);
  if (description == nullptr || !description->is_object())
    fail(artifact.path(), ": its record does not describe a ", method, " index");
  return *description;
}

/// Gives the options that an index of this method was made with, unresolved. Throws Error that names the
/// file.
inline const Value& options_of_index(const Artifact& artifact, std::string_view method) {
  const Value* options = artifact.record().find("options");
  if (options == nullptr || !options->is_object())
    fail(artifact.path(), ": its record does not describe a ", method, " index");
  return *options;
}

/// Gives the metric of its record, else cosine.
inline Metric metric_in(const Artifact& artifact) {
  Embeddings named;
  named.record = artifact.record();
  return named.metric();
}

/// Gives a count, at most `most`, of what the record says of such an index. Throws Error that names file and
/// field.
inline int64_t described_count(const Artifact& artifact, std::string_view method, std::string_view name,
                               int64_t most) {
  const Value* field = described_index(artifact, method).find(name);
  if (field == nullptr || !field->is_int() || field->as_int() < 0 || field->as_int() > most)
    fail(artifact.path(), ": field \"", method, ".", name, "\" of its record is missing or cannot be so");
  return field->as_int();
}

}  // namespace whitney::search
