#include <algorithm>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/data/artifact.h"

namespace whitney {
namespace {

constexpr int64_t kMostRows = std::numeric_limits<uint32_t>::max() - int64_t{1};

bool holds_vectors(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 || dtype == DType::kI8 ||
         dtype == DType::kU8;
}

// The tensor that holds the vectors: "vectors", or of a foreign file the only one that can.
const TensorView& find_vectors(const Artifact& artifact) {
  if (artifact.kind() == "embeddings" && artifact.find("sparse.starts") != nullptr)
    fail(artifact.path(), ": holds weights of words (encode --output sparse), no vectors");
  if (const TensorView* starts = artifact.find("vectors.starts"); starts && artifact.kind() == "embeddings") {
    fail(artifact.path(), ": holds ", artifact.tensor("vectors").shape.front(), " vectors of ",
         std::max<int64_t>(0, starts->num_elements() - 1), " texts, and one vector a text is expected here");
  }
  if (const TensorView* vectors = artifact.find("vectors")) return *vectors;
  const bool has_codes = std::ranges::any_of(
      artifact.tensors(), [](const TensorView& tensor) { return tensor.name.starts_with("codec."); });
  if (has_codes)
    fail(artifact.path(), ": its vectors are compressed by a codec that this program does not know");
  if (!artifact.kind().empty())
    fail(artifact.path(), ": is of kind ", artifact.kind(), " and holds no vectors");
  const TensorView* only = nullptr;
  std::string names;
  for (const TensorView& tensor : artifact.tensors()) {
    if (names.size() < 200) names += (names.empty() ? "" : ", ") + tensor.name;
    if (tensor.shape.size() != 2 || !(holds_vectors(tensor.dtype) || tensor.dtype == DType::kF64)) continue;
    if (only != nullptr) {
      fail(artifact.path(), ": which tensor holds the vectors? \"", only->name, "\" and \"", tensor.name,
           "\" both could; name one of them \"vectors\"");
    }
    only = &tensor;
  }
  if (only == nullptr)
    fail(artifact.path(), ": holds no 2-d tensor of vectors (it has: ", names.empty() ? "none" : names, ")");
  return *only;
}

// Rows that ids of 32 bits can number and that bytes of the file stand behind: what is made for each row is
// paid for.
void check_shape(const Artifact& artifact, const TensorView& tensor) {
  if (tensor.shape.size() != 2) {
    fail(artifact.path(), ": tensor \"", tensor.name, "\" has ", tensor.shape.size(),
         " dimensions where 2 are due");
  }
  if (tensor.shape[0] > kMostRows)
    fail(artifact.path(), ": has ", tensor.shape[0], " rows (the most is ", kMostRows, ")");
  if (tensor.shape[0] > 0 && tensor.shape[1] == 0)
    fail(artifact.path(), ": tensor \"", tensor.name, "\" tells of ", tensor.shape[0], " vectors of width 0");
}

CodeDecoder& code_decoder() {
  static CodeDecoder decoder = nullptr;
  return decoder;
}

Matrix read_vectors_tensor(const Artifact& artifact) {
  const bool has_codes = artifact.find("vectors") == nullptr && artifact.find("codec.codes") != nullptr;
  if (has_codes && code_decoder() != nullptr) return code_decoder()(artifact);
  const TensorView& tensor = find_vectors(artifact);
  check_shape(artifact, tensor);
  Matrix vectors(tensor.aligned_bytes(), tensor.shape[0], tensor.shape[1], tensor.dtype);
  if (tensor.dtype == DType::kF64) return vectors.to_float32();
  if (!holds_vectors(tensor.dtype)) {
    fail(artifact.path(), ": tensor \"", tensor.name, "\" is of type ", name_of(tensor.dtype),
         " (expected: F32, F16, BF16, I8 or U8)");
  }
  return vectors;
}

// Without vectors, the rows are counted by the ids.
int64_t count_rows(const Artifact& artifact) {
  if (const TensorView* integers = artifact.find("ids.u64")) return integers->num_elements();
  return std::max<int64_t>(0, artifact.tensor("ids.offsets").num_elements() - 1);
}

}  // namespace

bool set_code_decoder(CodeDecoder decoder) {
  code_decoder() = decoder;
  return true;
}

Embeddings load_embeddings(const Artifact& artifact) {
  Embeddings embeddings;
  embeddings.vectors = read_vectors_tensor(artifact);
  embeddings.ids = read_ids(artifact, embeddings.size());
  embeddings.attributes = read_attributes(artifact, embeddings.size());
  embeddings.record = provenance_of(artifact.record());
  embeddings.path = artifact.path();
  return embeddings;
}

Embeddings load_embeddings(const std::string& path) { return load_embeddings(Artifact::open(path)); }

void save_embeddings(const Embeddings& embeddings, const std::string& path, bool force,
                     const Context& context) {
  if (embeddings.ids.size() != embeddings.size())
    fail("there are ", embeddings.ids.size(), " ids for ", embeddings.size(), " vectors");
  if (!holds_vectors(embeddings.vectors.dtype())) {
    fail(path, ": vectors are of type ", name_of(embeddings.vectors.dtype()),
         ", which the file does not hold (expected: F32, F16, BF16, I8 or U8)");
  }
  ArtifactWriter writer("embeddings", embeddings.record);
  writer.add("vectors", embeddings.vectors.dtype(), {embeddings.size(), embeddings.dim()},
             embeddings.vectors.bytes());
  writer.add_ids(embeddings.ids);
  writer.add_attributes(embeddings.attributes);
  writer.write(path, force, context);
}

Table load_table(const Artifact& artifact) {
  Table table;
  const bool has_ids = artifact.find("ids.u64") != nullptr || artifact.find("ids.offsets") != nullptr;
  int64_t rows = 0;
  if (has_ids) {
    rows = count_rows(artifact);
  } else {
    const TensorView* vectors = artifact.find("vectors");
    if (vectors == nullptr) fail(artifact.path(), ": holds no ids, so that it is no table");
    check_shape(artifact, *vectors);
    rows = vectors->shape[0];
  }
  table.ids = read_ids(artifact, rows);
  table.attributes = read_attributes(artifact, rows);
  table.record = provenance_of(artifact.record());
  return table;
}

void save_table(const Table& table, const std::string& path, bool force, const Context& context) {
  if (!table.attributes.empty() && table.attributes.num_rows != table.ids.size()) {
    fail("there are attributes of ", table.attributes.num_rows, " rows for ", table.ids.size(), " ids");
  }
  ArtifactWriter writer("table", table.record);
  writer.add_ids(table.ids);
  writer.add_attributes(table.attributes);
  writer.write(path, force, context);
}

}  // namespace whitney
