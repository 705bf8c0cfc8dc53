// GPT-2 (Radford et al. 2019): norms first, learnt positions, weights stored transposed.

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_gpt2(const ModelSource& source) {
  const ModelConfig& config = source.config;
  Transformer model;
  const int64_t width = model.width = config.size("n_embd");
  model.num_heads = model.num_kv_heads = config.size("n_head");
  if (width % model.num_heads != 0) {
    config.fail_field("n_head", concat("a divisor of the width ", width));
  }
  model.head_dim = width / model.num_heads;
  if (config.flag("scale_attn_weights", true)) {
    model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(model.head_dim)));
  }
  model.layers.resize(static_cast<size_t>(config.size("n_layer", 1, 4096)));
  model.norm_first = true;
  model.max_tokens = config.size("n_positions");
  const int64_t inside = config.size_or("n_inner", 4 * width);
  const double epsilon = config.real("layer_norm_epsilon", 1e-5);
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kLayer, width, epsilon);
  };
  const auto linear = [&](const std::string& name, int64_t in, int64_t out, Activation activation) {
    return read_linear(source, name, {in, out, true, true}, activation);
  };
  const Activation activation = read_activation(config, "activation_function", "gelu_new");
  model.embeddings.words = read_table(source, "wte.weight", config.size("vocab_size"), width);
  model.embeddings.positions = source.weights.matrix("wpe.weight", model.max_tokens, width, source.context);
  model.final_norm = norm("ln_f");
  const int64_t reach_after = is_causal(config, true) ? 0 : kUnlimited;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("h.", i, ".");
    if (config.flag("scale_attn_by_inverse_layer_idx", false)) {
      config.fail_field("scale_attn_by_inverse_layer_idx", "only false can be run");
    }
    layer.attention_norm = norm(name + "ln_1");
    layer.qkv = linear(name + "attn.c_attn", width, 3 * width, Activation::kIdentity);
    layer.attention_out = linear(name + "attn.c_proj", width, width, Activation::kIdentity);
    layer.reach_after = reach_after;
    layer.feed_norm = norm(name + "ln_2");
    layer.up = linear(name + "mlp.c_fc", width, inside, activation);
    layer.down = linear(name + "mlp.c_proj", inside, width, Activation::kIdentity);
  }
  return model;
}

const Architecture kRegistered("gpt2", make_gpt2);

}  // namespace
}  // namespace whitney::infer
