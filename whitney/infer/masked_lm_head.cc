#include "whitney/infer/masked_lm_head.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

// What a kind of head calls its parts, and the fields of config.json that tell of them.
struct HeadKind {
  std::array<const char*, 4> model_types;
  const char* dense;
  const char* norm;
  const char* decoder;
  const char* bias;
  /// None: the exact GELU.
  const char* activation = nullptr;
  const char* usual_activation = "gelu";
  const char* epsilon = nullptr;
  double usual_epsilon = 1e-12;
  /// Flags that are false where they are absent. None: there is a bias.
  const char* dense_bias = nullptr;
  const char* norm_bias = nullptr;
  /// A flag that is true where it is absent.
  const char* decoder_bias = nullptr;
};

constexpr std::array<HeadKind, 5> kHeads{
    {{.model_types = {"bert"},
      .dense = "cls.predictions.transform.dense",
      .norm = "cls.predictions.transform.LayerNorm",
      .decoder = "cls.predictions.decoder",
      .bias = "cls.predictions.bias",
      .activation = "hidden_act",
      .epsilon = "layer_norm_eps"},
     {.model_types = {"roberta", "xlm-roberta", "camembert", "mpnet"},
      .dense = "lm_head.dense",
      .norm = "lm_head.layer_norm",
      .decoder = "lm_head.decoder",
      .bias = "lm_head.bias",
      .epsilon = "layer_norm_eps"},
     {.model_types = {"distilbert"},
      .dense = "vocab_transform",
      .norm = "vocab_layer_norm",
      .decoder = "vocab_projector",
      .bias = "vocab_projector.bias",
      .activation = "activation"},
     {.model_types = {"modernbert"},
      .dense = "head.dense",
      .norm = "head.norm",
      .decoder = "decoder",
      .bias = "decoder.bias",
      .activation = "classifier_activation",
      .epsilon = "norm_eps",
      .usual_epsilon = 1e-5,
      .dense_bias = "classifier_bias",
      .norm_bias = "norm_bias",
      .decoder_bias = "decoder_bias"},
     // As transformers saves it, always with its activation; Nomic's own files name theirs otherwise.
     {.model_types = {"nomic_bert"},
      .dense = "cls.predictions.transform.dense",
      .norm = "cls.predictions.transform.layer_norm",
      .decoder = "cls.predictions.decoder",
      .bias = "cls.predictions.bias",
      .activation = "hidden_act",
      .usual_activation = "",
      .epsilon = "layer_norm_eps"}}};

const HeadKind& head_of(const ModelSource& source) {
  const std::string type = source.config.model_type();
  std::string known;
  for (const HeadKind& head : kHeads) {
    for (const char* name : head.model_types) {
      if (name == nullptr) continue;
      if (type == name) return head;
      known += concat(known.empty() ? "" : ", ", name);
    }
  }
  fail(source.weights.path(), ": a model of the type \"", type,
       "\" has no masked-LM head, which output=sparse needs; those have one that are trained to fill masks (",
       known, ")");
}

std::string tensor_of(const char* part, const char* what) { return concat(part, ".", what); }

// The decoder is the word embeddings where it is not stored on its own.
const WeightTensor& decoder_of(const ModelSource& source, const HeadKind& head, const Transformer& model) {
  const std::string name = tensor_of(head.decoder, "weight");
  if (!source.weights.has(name) && source.config.flag("tie_word_embeddings", true))
    return model.embeddings.words;
  return source.weights.tensor(name, {model.vocabulary_size(), model.width});
}

Array<float> decoder_bias_of(const ModelSource& source, const HeadKind& head, int64_t size) {
  if (head.decoder_bias != nullptr && !source.config.flag(head.decoder_bias, true)) return {};
  const std::string name = source.weights.has(head.bias) ? head.bias : tensor_of(head.decoder, "bias");
  return source.weights.vector(name, size, source.context);
}

bool has_bias(const ModelConfig& config, const char* flag) {
  return flag == nullptr || config.flag(flag, false);
}

// The larger, and what is no number where either is none.
float larger(float a, float b) { return b > a || std::isnan(b) ? b : a; }

}  // namespace

MaskedLmHead::MaskedLmHead(const ModelSource& source, const Transformer& model) {
  const HeadKind& head = head_of(source);
  const ModelConfig& config = source.config;
  if (!source.weights.has(tensor_of(head.dense, "weight"))) {
    fail(source.weights.path(), ": has no masked-LM head (\"", tensor_of(head.dense, "weight"),
         "\" and others), which output=sparse needs; the checkpoint was saved without it");
  }
  const int64_t width = model.width, vocabulary = model.vocabulary_size();
  const Activation activation = head.activation == nullptr
                                    ? Activation::kGelu
                                    : read_activation(config, head.activation, head.usual_activation);
  transform_ = read_linear(source, head.dense, {width, width, has_bias(config, head.dense_bias)}, activation);
  norm_ =
      read_norm(source, head.norm, NormKind::kLayer, width,
                head.epsilon == nullptr ? head.usual_epsilon : config.real(head.epsilon, head.usual_epsilon),
                has_bias(config, head.norm_bias));
  const WeightTensor& words = decoder_of(source, head, model);
  const Array<float> bias = decoder_bias_of(source, head, vocabulary);
  const auto copy_rows = [&](int64_t begin, int64_t end, float* out) { words.copy_rows(begin, end, out); };
  decoder_ = make_linear(source, vocabulary, width, copy_rows, bias.span());
}

void MaskedLmHead::weigh_words(const Context& context, const SpladeSettings& splade, const float* states,
                               int64_t rows, float* out) const {
  constexpr int64_t kRows = 32;  // logits of so many tokens at a time
  const int64_t width = norm_.dim(), vocabulary = vocabulary_size();
  const auto weight_of = [&](float logit) {
    for (int i = 0; i < splade.num_logs; ++i) logit = std::log1p(logit);
    return logit;
  };
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
      if (splade.strategy == SpladeStrategy::kMax) {
        for (int64_t v = 0; v < vocabulary; ++v) out[v] = larger(out[v], row[v]);
      } else {
        // Most logits are not above 0, and their logarithm need not be taken.
        for (int64_t v = 0; v < vocabulary; ++v) out[v] += row[v] <= 0 ? 0 : weight_of(row[v]);
      }
    }
  }
  // The logarithm keeps the order: it is taken once, of the largest.
  if (splade.strategy == SpladeStrategy::kMax)
    for (int64_t v = 0; v < vocabulary; ++v) out[v] = weight_of(out[v]);
}

}  // namespace whitney::infer
