// MPNet (Song et al. 2020, arXiv 2004.09297): BERT with a relative position bias that all layers share.

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_mpnet(const ModelSource& source) {
  const ModelConfig& config = source.config;
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
  embeddings.first_position = config.size_or("pad_token_id", 1, 0) + 1;
  embeddings.norm = norm("embeddings.LayerNorm");
  model.max_tokens = positions - embeddings.first_position;
  model.relative_bias =
      read_relative_bias(source, "encoder.relative_attention_bias.weight", model.num_heads, 128);
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("encoder.layer.", i, ".");
    const std::string self = name + "attention.attn.";
    layer.qkv =
        read_joined(source, {{self + "q", width}, {self + "k", width}, {self + "v", width}}, width, true);
    layer.attention_out = read_linear(source, self + "o", {width, width});
    layer.attention_norm = norm(name + "attention.LayerNorm");
    layer.up = read_linear(source, name + "intermediate.dense", {width, inside}, activation);
    layer.down = read_linear(source, name + "output.dense", {inside, width});
    layer.feed_norm = norm(name + "output.LayerNorm");
  }
  return model;
}

const Architecture kRegistered("mpnet", make_mpnet);

}  // namespace
}  // namespace whitney::infer
