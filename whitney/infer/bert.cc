// BERT (Devlin et al. 2018, arXiv 1810.04805), and those that are BERT but for the numbering of positions:
// RoBERTa (1907.11692), XLM-RoBERTa (1911.02116), CamemBERT (1911.03894). MiniLM, BGE, E5 and GTE are BERT.

#include <algorithm>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make(const ModelSource& source, int64_t first_position) {
  const ModelConfig& config = source.config;
  if (config.text("position_embedding_type", "absolute") != "absolute") {
    config.fail_field("position_embedding_type", "only absolute positions can be run");
  }
  Transformer model = read_sizes(config);
  const int64_t width = model.width, inside = config.size("intermediate_size");
  const int64_t positions = config.size("max_position_embeddings");
  const double epsilon = config.real("layer_norm_eps", 1e-12);
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kLayer, width, epsilon);
  };
  const Activation activation = read_activation(config, "hidden_act", "gelu");
  TokenEmbeddings& embeddings = model.embeddings;
  embeddings.words =
      read_table(source, "embeddings.word_embeddings.weight", config.size("vocab_size"), width);
  embeddings.positions =
      source.weights.matrix("embeddings.position_embeddings.weight", positions, width, source.context);
  embeddings.first_position = first_position;
  embeddings.type = Array<float>(width);
  read_table(source, "embeddings.token_type_embeddings.weight", config.size_or("type_vocab_size", 2), width)
      .copy_rows(0, 1, embeddings.type.mutable_data());
  embeddings.norm = norm("embeddings.LayerNorm");
  model.max_tokens = std::max<int64_t>(positions - first_position, 0);
  const bool causal = is_causal(config, false) || config.flag("is_decoder", false);
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("encoder.layer.", i, ".");
    const std::string self = name + "attention.self.";
    layer.qkv = read_joined(source, {{self + "query", width}, {self + "key", width}, {self + "value", width}},
                            width, true);
    layer.attention_out = read_linear(source, name + "attention.output.dense", {width, width});
    layer.attention_norm = norm(name + "attention.output.LayerNorm");
    layer.up = read_linear(source, name + "intermediate.dense", {width, inside}, activation);
    layer.down = read_linear(source, name + "output.dense", {inside, width});
    layer.feed_norm = norm(name + "output.LayerNorm");
    if (causal) layer.reach_after = 0;
  }
  return model;
}

Transformer make_bert(const ModelSource& source) { return make(source, 0); }

// Positions are counted from the padding token's id on, which has a row of its own.
Transformer make_roberta(const ModelSource& source) {
  return make(source, source.config.size_or("pad_token_id", 1, 0) + 1);
}

const Architecture kBert("bert", make_bert);
const Architecture kRoberta("roberta", make_roberta);
const Architecture kXlmRoberta("xlm-roberta", make_roberta);
const Architecture kCamembert("camembert", make_roberta);

}  // namespace
}  // namespace whitney::infer
