// ModernBERT (Warner et al. 2024, arXiv 2412.13663): norms first and without bias, rotary positions, gated
// feed-forward nets, and layers of which most see a window only.

#include <vector>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

// By their kinds, or every third (or so) where an older file does not list these.
std::vector<bool> layers_that_see_all(const ModelConfig& config, size_t num_layers) {
  constexpr const char* kField = "layer_types";
  std::vector<bool> sees_all;
  if (config.has(kField)) {
    for (const std::string& kind : config.texts(kField)) {
      if (kind != "full_attention" && kind != "sliding_attention")
        config.fail_field(kField, "a list of full_attention and sliding_attention");
      sees_all.push_back(kind == "full_attention");
    }
    if (sees_all.size() != num_layers)
      config.fail_field(kField, concat("one kind for each of the ", num_layers, " layers"));
    return sees_all;
  }
  const auto every = static_cast<size_t>(config.size_or("global_attn_every_n_layers", 3));
  for (size_t i = 0; i < num_layers; ++i) sees_all.push_back(i % every == 0);
  return sees_all;
}

Transformer make_modernbert(const ModelSource& source) {
  const ModelConfig& config = source.config;
  Transformer model = read_sizes(config);
  const int64_t width = model.width, inside = config.size("intermediate_size");
  const double epsilon = config.real("norm_eps", 1e-5);
  const bool norm_bias = config.flag("norm_bias", false), feed_bias = config.flag("mlp_bias", false);
  const bool attention_bias = config.flag("attention_bias", false);
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kLayer, width, epsilon, norm_bias);
  };
  model.norm_first = true;
  model.max_tokens = config.size("max_position_embeddings");
  model.embeddings.words =
      read_table(source, "embeddings.tok_embeddings.weight", config.size("vocab_size"), width);
  model.embeddings.norm = norm("embeddings.norm");
  model.final_norm = norm("final_norm");
  const auto rotary = [&](std::string_view field, double theta, std::string_view kind) {
    RopeSettings settings = config.rope(theta, kind);
    if (config.has(field)) settings.theta = config.real(field);
    return std::make_shared<const RotaryPositions>(settings, model.head_dim, config.where());
  };
  const auto global = rotary("global_rope_theta", 160000, "full_attention");
  const auto local = rotary("local_rope_theta", 10000, "sliding_attention");
  const std::vector<bool> sees_all = layers_that_see_all(config, model.layers.size());
  const int64_t reach = config.size_or("local_attention", 128) / 2;
  const Activation activation = read_activation(config, "hidden_activation", "gelu");
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("layers.", i, ".");
    // The embeddings are normalised already.
    if (i > 0) layer.attention_norm = norm(name + "attn_norm");
    layer.qkv = read_linear(source, name + "attn.Wqkv", {width, 3 * width, attention_bias});
    layer.attention_out = read_linear(source, name + "attn.Wo", {width, width, attention_bias});
    layer.rotary = sees_all[i] ? global : local;
    if (!sees_all[i]) layer.reach_before = layer.reach_after = reach;
    layer.feed_norm = norm(name + "mlp_norm");
    layer.up = read_linear(source, name + "mlp.Wi", {width, 2 * inside, feed_bias});
    layer.is_gated = true;
    layer.gate = activation;
    layer.down = read_linear(source, name + "mlp.Wo", {inside, width, feed_bias});
  }
  return model;
}

const Architecture kRegistered("modernbert", make_modernbert);

}  // namespace
}  // namespace whitney::infer
