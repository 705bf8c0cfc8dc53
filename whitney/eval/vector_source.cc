#include "whitney/eval/vector_source.h"

#include <algorithm>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/data/readers.h"

namespace whitney::eval {

Embeddings VectorSource::read(const std::string& path, const Value& resolved, const Context& context) const {
  if (!TextSource::is_model(path)) {
    if (texts) context.note("option \"texts\" has no effect on embeddings, only on a model");
    note_idle_encoding(context, resolved);
    Embeddings embeddings = read_vectors(path, TableOptions(), context);
    embeddings.validate(context);
    return embeddings;
  }
  if (!texts) throw UsageError(concat(path, " is a model: give the texts that it encodes (--texts FILE)"));
  Corpus corpus = read_corpus(texts->value, TableOptions{id_field}, text_field, context);
  const auto source = TextSource::open(context, path, encode);
  const TextVectors encoded = source.encode(context, corpus.texts);
  Embeddings result;
  result.ids = std::move(corpus.ids);
  result.vectors = Matrix(std::ssize(encoded.rows), encoded.vectors.cols());
  float* out = result.vectors.mutable_data<float>();
  for (int64_t text = 0; text < std::ssize(encoded.rows); ++text) {
    const auto row = encoded.of(text);
    out = std::copy(row.begin(), row.end(), out);
  }
  return result;
}

}  // namespace whitney::eval
