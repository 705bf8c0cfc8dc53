#pragma once

#include "whitney/infer/gguf.h"
#include "whitney/text/gguf_vocabulary.h"

namespace whitney::infer {

/// What the file's metadata say of its tokenizer. Throws Error that names the file and the key when one is of
/// the wrong kind, or the file has no tokenizer.
text::GgufVocabulary vocabulary_of(const GgufFile& gguf);

}  // namespace whitney::infer
