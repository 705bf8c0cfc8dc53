// DistilBERT (Sanh et al. 2019, arXiv 1910.01108): BERT with fewer layers, no token types and other names.

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_distilbert(const ModelSource& source) {
  const ModelConfig& config = source.config;
  Transformer model;
  model.width = config.size("dim");
  model.num_heads = model.num_kv_heads = config.size("n_heads");
  if (model.width % model.num_heads != 0) {
    config.fail_field("n_heads", concat("a divisor of the width ", model.width, " is expected"));
  }
  model.head_dim = model.width / model.num_heads;
  model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(model.head_dim)));
  model.layers.resize(static_cast<size_t>(config.size("n_layers", 1, 4096)));
  model.max_tokens = config.size("max_position_embeddings");
  const int64_t width = model.width, inside = config.size("hidden_dim");
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kLayer, width, 1e-12);
  };
  const Activation activation = read_activation(config, "activation", "gelu");
  TokenEmbeddings& embeddings = model.embeddings;
  embeddings.words =
      read_table(source, "embeddings.word_embeddings.weight", config.size("vocab_size"), width);
  embeddings.positions =
      source.weights.matrix("embeddings.position_embeddings.weight", model.max_tokens, width, source.context);
  embeddings.norm = norm("embeddings.LayerNorm");
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("transformer.layer.", i, ".");
    const std::string self = name + "attention.";
    layer.qkv = read_joined(
        source, {{self + "q_lin", width}, {self + "k_lin", width}, {self + "v_lin", width}}, width, true);
    layer.attention_out = read_linear(source, self + "out_lin", {width, width});
    layer.attention_norm = norm(name + "sa_layer_norm");
    layer.up = read_linear(source, name + "ffn.lin1", {width, inside}, activation);
    layer.down = read_linear(source, name + "ffn.lin2", {inside, width});
    layer.feed_norm = norm(name + "output_layer_norm");
  }
  return model;
}

const Architecture kRegistered("distilbert", make_distilbert);

}  // namespace
}  // namespace whitney::infer
