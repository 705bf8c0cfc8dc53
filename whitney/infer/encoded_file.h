#pragma once

#include <string>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/artifact.h"
#include "whitney/data/ragged.h"
#include "whitney/infer/encode_corpus.h"

namespace whitney::infer {

/// Writes what was encoded: vectors by the extension of `path` as write_vectors does; states of tokens and
/// weights of words as an artifact only (`vectors` with `vectors.starts`, `sparse.starts/indices/values`).
WHITNEY_API void save(const EncodedCorpus& encoded, const std::string& path, bool force,
                      const Context& context);

/// True for an artifact that `save` wrote of several vectors a text, or of weights of words: what
/// load_embeddings does not read.
WHITNEY_API bool holds_encoded_texts(const Artifact& artifact);

/// Reads such an artifact. Throws Error that names the file and the tensor that does not fit the others.
WHITNEY_API EncodedCorpus load_encoded_texts(const Artifact& artifact);

/// The same as rows that an index takes. Throws Error for one vector a text.
WHITNEY_API RaggedEmbeddings ragged_of(const EncodedCorpus& encoded);

/// Number of words that weights are kept of; one more than the last word met, where the record does not tell.
WHITNEY_API int64_t num_words_of(const EncodedCorpus& encoded);

}  // namespace whitney::infer
