#pragma once

#include <cstdint>

#include "whitney/infer/architecture.h"
#include "whitney/infer/linear.h"
#include "whitney/infer/norm.h"

namespace whitney::infer {

/// What a BERT that was trained to fill masks puts on top: norm(activation(W h + b)) times the word
/// embeddings gives a logit for each word of the vocabulary.
class MaskedLmHead {
 public:
  /// Reads `cls.predictions.*`. Throws Error when the checkpoint has no such head.
  MaskedLmHead(const ModelSource& source, const Transformer& model);

  int64_t vocabulary_size() const { return decoder_.out(); }
  /// Writes, for each word, log(1 + max(0, its largest logit over the tokens)): SPLADE's weights (Formal et
  /// al. 2021, arXiv 2109.10086). states: rows x width, packed; out: vocabulary_size() values.
  void weigh_words(const Context& context, const float* states, int64_t rows, float* out) const;

 private:
  Linear transform_;
  Norm norm_;
  Linear decoder_;
};

}  // namespace whitney::infer
