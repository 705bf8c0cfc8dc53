#include "whitney/infer/encoded_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/readers.h"

namespace whitney::infer {
namespace {

// Where texts begin among `size` rows: 0, then never less, `size` at last.
std::vector<int64_t> read_starts(const Artifact& artifact, const char* name, int64_t size) {
  const Array<int64_t> stored = artifact.tensor(name).as<int64_t>();
  std::vector<int64_t> starts(stored.data(), stored.data() + stored.size());
  if (starts.empty() || starts.front() != 0 || starts.back() != size || !std::ranges::is_sorted(starts)) {
    fail(artifact.path(), ": tensor \"", name, "\" is damaged: it must grow from 0 to ", size);
  }
  return starts;
}

void read_vectors_of_texts(const Artifact& artifact, Encoding& encoding) {
  const TensorView& tensor = artifact.tensor("vectors");
  tensor.check_type(DType::kF32);
  if (tensor.shape.size() != 2) fail(artifact.path(), ": tensor \"vectors\" must have 2 dimensions");
  encoding.vectors = Matrix(tensor.aligned_bytes(), tensor.shape[0], tensor.shape[1], DType::kF32);
  encoding.starts = read_starts(artifact, "vectors.starts", tensor.shape[0]);
}

void read_weights_of_words(const Artifact& artifact, Encoding& encoding) {
  const Array<int32_t> words = artifact.tensor("sparse.indices").as<int32_t>();
  const Array<float> weights = artifact.tensor("sparse.values").as<float>();
  if (words.size() != weights.size()) {
    fail(artifact.path(), ": there are ", weights.size(), " weights of ", words.size(), " words");
  }
  encoding.sparse_words.assign(words.data(), words.data() + words.size());
  encoding.sparse_weights.assign(weights.data(), weights.data() + weights.size());
  encoding.sparse_starts = read_starts(artifact, "sparse.starts", words.size());
}

void check_words(const EncodedCorpus& encoded, const std::string& path) {
  const int64_t num_words = num_words_of(encoded);
  for (const int32_t word : encoded.encoding.sparse_words) {
    if (word < 0 || word >= num_words)
      fail(path, ": tensor \"sparse.indices\" names word ", word, " of ", num_words);
  }
}

}  // namespace

void save(const EncodedCorpus& encoded, const std::string& path, bool force, const Context& context) {
  const Encoding& encoding = encoded.encoding;
  if (encoding.starts.empty() && encoding.sparse_starts.empty()) {
    const Embeddings embeddings{encoded.ids, encoding.vectors, {}, encoded.record};
    return path == "-" ? save_embeddings(embeddings, path, force, context)
                       : write_vectors(embeddings, path, force, context);
  }
  if (path != "-" && std::filesystem::path(path).extension() != ".safetensors") {
    fail(path, ": several vectors a text, or weights of words, are written as .safetensors only");
  }
  ArtifactWriter writer("embeddings", encoded.record);
  const auto add = [&]<class T>(const char* name, const std::vector<T>& values) {
    writer.add(name, {std::ssize(values)}, Array<T>::copy_of(values));
  };
  if (!encoding.starts.empty()) {
    writer.add("vectors", DType::kF32, {encoding.vectors.rows(), encoding.vectors.cols()},
               encoding.vectors.bytes());
    add("vectors.starts", encoding.starts);
  } else {
    add("sparse.starts", encoding.sparse_starts);
    add("sparse.indices", encoding.sparse_words);
    add("sparse.values", encoding.sparse_weights);
  }
  writer.add_ids(encoded.ids);
  writer.write(path, force, context);
}

bool holds_encoded_texts(const Artifact& artifact) { return holds_ragged(artifact); }

EncodedCorpus load_encoded_texts(const Artifact& artifact) {
  EncodedCorpus encoded;
  encoded.record = provenance_of(artifact.record());
  const bool is_sparse = artifact.find("sparse.starts") != nullptr;
  if (is_sparse) {
    read_weights_of_words(artifact, encoded.encoding);
    check_words(encoded, artifact.path());
  } else {
    read_vectors_of_texts(artifact, encoded.encoding);
  }
  const auto& starts = is_sparse ? encoded.encoding.sparse_starts : encoded.encoding.starts;
  encoded.ids = read_ids(artifact, std::ssize(starts) - 1);
  return encoded;
}

RaggedEmbeddings ragged_of(const EncodedCorpus& encoded) {
  const Encoding& encoding = encoded.encoding;
  RaggedEmbeddings rows;
  rows.ids = encoded.ids;
  rows.record = encoded.record;
  rows.is_sparse = !encoding.sparse_starts.empty();
  if (!rows.is_sparse && encoding.starts.empty())
    fail("one vector a text is given, and several, or weights of words, are expected");
  rows.starts = Array<int64_t>::copy_of(rows.is_sparse ? encoding.sparse_starts : encoding.starts);
  rows.indices = Array<int32_t>::copy_of(encoding.sparse_words);
  rows.values = Array<float>::copy_of(encoding.sparse_weights);
  if (rows.is_sparse) rows.num_dims = num_words_of(encoded);
  rows.vectors = encoding.vectors;
  return rows;
}

int64_t num_words_of(const EncodedCorpus& encoded) {
  if (const Value* told = encoded.record.find("num_words"); told != nullptr && told->is_int())
    return told->as_int();
  const auto& words = encoded.encoding.sparse_words;
  return words.empty() ? 0 : int64_t{*std::ranges::max_element(words)} + 1;
}

}  // namespace whitney::infer
