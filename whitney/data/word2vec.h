#pragma once

#include <string>

#include "whitney/core/context.h"
#include "whitney/data/atomic_file.h"
#include "whitney/data/embeddings.h"
#include "whitney/data/input_stream.h"

namespace whitney::data {

/// Reads word2vec's text form: a line "rows width", then on each line a word and its values, between blanks.
/// The first line may be missing (as GloVe writes it); a word may hold blanks then, the last values of a line
/// being the vector. Words that are all integers become integer ids. In parallel; the same at any thread
/// count. Throws Error that names file, line and word.
Embeddings read_word2vec_text(InputStream& input, const Context& context);

/// Reads word2vec's binary form: a line "rows width", then each word, a blank, its values as float32, and
/// perhaps a line end. Throws Error that names the file and the vector.
Embeddings read_word2vec_binary(const SharedBytes& file, const std::string& name, const Context& context);

/// Write the same, with the shortest digits that read back equal. Vectors must be F32.
/// Throw Error naming the id that holds a blank or nothing, which the form cannot tell.
void write_word2vec_text(const Embeddings& embeddings, const std::string& path, AtomicFile& file,
                         const Context& context);
void write_word2vec_binary(const Embeddings& embeddings, const std::string& path, AtomicFile& file,
                           const Context& context);

}  // namespace whitney::data
