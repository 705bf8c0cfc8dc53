#include "whitney/infer/llama.h"

#include "whitney/core/error.h"

namespace whitney::infer {

Transformer make_llama_kin(const ModelSource& source, const LlamaTraits& traits) {
  const ModelConfig& config = source.config;
  Transformer model = read_sizes(config);
  const int64_t width = model.width, inside = config.size("intermediate_size");
  const int64_t queries = model.num_heads * model.head_dim, keys = model.num_kv_heads * model.head_dim;
  const double epsilon = config.real("rms_norm_eps", 1e-6);
  const auto norm = [&](const std::string& name, int64_t dim) {
    return read_norm(source, name, NormKind::kRms, dim, epsilon);
  };
  model.norm_first = true;
  model.max_tokens = config.size_or("max_position_embeddings", kUnlimited, 1, kUnlimited);
  model.embeddings.words = read_table(source, "embed_tokens.weight", config.size("vocab_size"), width);
  model.final_norm = norm("norm", width);
  const auto rotary =
      std::make_shared<const RotaryPositions>(config.rope(traits.theta), model.head_dim, config.where());
  const Activation gate = read_activation(config, "hidden_act", "silu");
  const bool feed_bias = config.flag("mlp_bias", false);
  const int64_t reach_after = is_causal(config, true) ? 0 : kUnlimited;
  // A window counts the token itself.
  const int64_t window = config.size_or("sliding_window", kUnlimited, 1, kUnlimited);
  const bool has_window = config.flag("use_sliding_window", config.model_type() == "mistral");
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("layers.", i, "."), self = name + "self_attn.", net = name + "mlp.";
    layer.attention_norm = norm(name + "input_layernorm", width);
    layer.qkv =
        read_joined(source, {{self + "q_proj", queries}, {self + "k_proj", keys}, {self + "v_proj", keys}},
                    width, traits.qkv_bias);
    layer.attention_out = read_linear(source, self + "o_proj", {queries, width, traits.out_bias});
    if (traits.head_norms) {
      layer.query_norm = norm(self + "q_norm", model.head_dim);
      layer.key_norm = norm(self + "k_norm", model.head_dim);
    }
    layer.rotary = rotary;
    layer.reach_after = reach_after;
    if (has_window && window < kUnlimited) layer.reach_before = window - 1;
    layer.feed_norm = norm(name + "post_attention_layernorm", width);
    layer.up =
        read_joined(source, {{net + "gate_proj", inside}, {net + "up_proj", inside}}, width, feed_bias);
    layer.is_gated = true;
    layer.gate = gate;
    layer.down = read_linear(source, net + "down_proj", {inside, width, feed_bias});
  }
  return model;
}

Transformer make_llama(const ModelSource& source) {
  const bool bias = source.config.flag("attention_bias", false);
  return make_llama_kin(source, {bias, bias, false, 10000});
}

namespace {

const Architecture kLlama("llama", make_llama);

}  // namespace
}  // namespace whitney::infer
