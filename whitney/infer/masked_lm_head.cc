#include "whitney/infer/masked_lm_head.h"

#include <algorithm>
#include <cmath>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {

MaskedLmHead::MaskedLmHead(const ModelSource& source, const Transformer& model) {
  const std::string head = "cls.predictions.";
  if (!source.weights.has(head + "transform.dense.weight")) {
    fail(source.weights.path(), ": has no masked-LM head (\"", head,
         "...\"), which output=sparse needs; a BERT trained to fill masks has one");
  }
  const int64_t width = model.width, vocabulary = model.vocabulary_size();
  transform_ = read_linear(source, head + "transform.dense", {width, width},
                           read_activation(source.config, "hidden_act", "gelu"));
  norm_ = read_norm(source, head + "transform.LayerNorm", NormKind::kLayer, width,
                    source.config.real("layer_norm_eps", 1e-12));
  // The decoder is the word embeddings where it is not stored on its own.
  const WeightTensor* stored = source.weights.find(head + "decoder.weight");
  const WeightTensor& words = stored != nullptr
                                  ? source.weights.tensor(head + "decoder.weight", {vocabulary, width})
                                  : model.embeddings.words;
  const Array<float> bias = source.weights.vector(
      source.weights.has(head + "bias") ? head + "bias" : head + "decoder.bias", vocabulary, source.context);
  const auto copy_rows = [&](int64_t begin, int64_t end, float* out) { words.copy_rows(begin, end, out); };
  decoder_ = make_linear(source, vocabulary, width, copy_rows, bias.span());
}

void MaskedLmHead::weigh_words(const Context& context, const float* states, int64_t rows, float* out) const {
  constexpr int64_t kRows = 32;  // logits of so many tokens at a time
  const int64_t width = norm_.dim(), vocabulary = vocabulary_size();
  std::fill_n(out, vocabulary, 0.0f);
  Array<float> inside(kRows * width), logits(kRows * vocabulary);
  float* hidden = inside.mutable_data();
  float* scores = logits.mutable_data();
  for (int64_t first = 0; first < rows; first += kRows) {
    const int64_t count = std::min(kRows, rows - first);
    transform_.apply(context, {states + first * width, count, width, width, DType::kF32}, hidden);
    normalize_rows(context, norm_, count, hidden, hidden);
    decoder_.apply(context, {hidden, count, width, width, DType::kF32}, scores);
    for (int64_t r = 0; r < count; ++r) {
      const float* row = scores + r * vocabulary;
      for (int64_t v = 0; v < vocabulary; ++v) out[v] = std::max(out[v], row[v]);
    }
  }
  for (int64_t v = 0; v < vocabulary; ++v) out[v] = std::log1p(out[v]);
}

}  // namespace whitney::infer
