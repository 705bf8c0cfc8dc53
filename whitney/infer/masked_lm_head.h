#pragma once

#include <cstdint>

#include "whitney/infer/architecture.h"
#include "whitney/infer/linear.h"
#include "whitney/infer/norm.h"
#include "whitney/infer/splade_settings.h"

namespace whitney::infer {

/// What a model that was trained to fill masks puts on top: norm(activation(W h + b)) times the word
/// embeddings, or a matrix of its own, gives a logit for each word of the vocabulary.
class MaskedLmHead {
 public:
  /// Reads the head of BERT, RoBERTa, XLM-RoBERTa, CamemBERT, MPNet, DistilBERT, ModernBERT or Nomic BERT.
  /// Throws Error when the architecture has none, or the checkpoint lacks it.
  MaskedLmHead(const ModelSource& source, const Transformer& model);

  int64_t vocabulary_size() const { return decoder_.out(); }
  /// Writes what each word weighs in a text, 0 or more; not a number where a logit is none. states: rows x
  /// width, packed; out: vocabulary_size() values.
  void weigh_words(const Context& context, const SpladeSettings& splade, const float* states, int64_t rows,
                   float* out) const;

 private:
  Linear transform_;
  Norm norm_;
  Linear decoder_;
};

}  // namespace whitney::infer
