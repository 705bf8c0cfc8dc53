// The encoder of T5 (Raffel et al. 2020, arXiv 1910.10683): norms first, without mean, positions only by a
// bias of the scores, which are not scaled. GTR, Sentence-T5 and Instructor are T5 encoders.

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_t5(const ModelSource& source) {
  const ModelConfig& config = source.config;
  Transformer model;
  const int64_t width = model.width = config.size("d_model"), inside = config.size("d_ff");
  model.num_heads = model.num_kv_heads = config.size("num_heads");
  model.head_dim = config.size("d_kv", 1, 4096);
  model.norm_first = true;
  model.layers.resize(static_cast<size_t>(config.size("num_layers", 1, 4096)));
  const double epsilon = config.real("layer_norm_epsilon", 1e-6);
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kRms, width, epsilon);
  };
  const int64_t vocabulary = config.size("vocab_size");
  const bool is_shared = source.weights.has("shared.weight");
  model.embeddings.words =
      read_table(source, is_shared ? "shared.weight" : "encoder.embed_tokens.weight", vocabulary, width);
  model.final_norm = norm("encoder.final_layer_norm");
  model.relative_bias =
      read_relative_bias(source, "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                         model.num_heads, config.size_or("relative_attention_max_distance", 128));
  const std::string feed = config.text("feed_forward_proj", "relu");
  if (feed != "relu" && feed != "gelu" && feed != "gated-gelu" && feed != "gated-silu") {
    config.fail_field("feed_forward_proj", "one of relu, gelu, gated-gelu, gated-silu");
  }
  const Activation plain = feed == "relu" ? Activation::kRelu : Activation::kGelu;
  const int64_t heads = model.num_heads * model.head_dim;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("encoder.block.", i, ".layer.");
    const std::string self = name + "0.SelfAttention.", net = name + "1.DenseReluDense.";
    layer.attention_norm = norm(name + "0.layer_norm");
    layer.qkv =
        read_joined(source, {{self + "q", heads}, {self + "k", heads}, {self + "v", heads}}, width, false);
    layer.attention_out = read_linear(source, self + "o", {heads, width, false});
    layer.feed_norm = norm(name + "1.layer_norm");
    layer.is_gated = feed.starts_with("gated-");
    if (layer.is_gated) {
      // "gated-gelu" is the form by tanh.
      layer.gate = feed == "gated-gelu" ? Activation::kGeluTanh : Activation::kSilu;
      layer.up = read_joined(source, {{net + "wi_0", inside}, {net + "wi_1", inside}}, width, false);
    } else {
      layer.up = read_linear(source, net + "wi", {width, inside, false}, plain);
    }
    layer.down = read_linear(source, net + "wo", {inside, width, false});
  }
  return model;
}

const Architecture kRegistered("t5", make_t5);

}  // namespace
}  // namespace whitney::infer
