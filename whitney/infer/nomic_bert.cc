// Nomic BERT (Nussbaum et al. 2024, arXiv 2402.01613): BERT with rotary positions and gated feed-forward
// nets.

#include <algorithm>
#include <cmath>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

// config.json in the names of Nomic's own code, which are GPT-2's, or in those of transformers.
struct Settings {
  int64_t width, num_heads, num_layers, inside, max_tokens;
  double epsilon;
  RopeSettings rope;
  bool is_interleaved = false;
  bool qkv_bias = false, up_bias = false, down_bias = false;
  Activation gate = Activation::kSilu;
};

Settings read_own(const ModelConfig& config) {
  if (config.flag("prenorm", false)) config.fail_field("prenorm", "only false can be run");
  if (config.flag("use_rms_norm", false)) config.fail_field("use_rms_norm", "only false can be run");
  Settings s{};
  s.width = config.size("n_embd");
  s.num_heads = config.size("n_head");
  s.num_layers = config.size("n_layer", 1, 4096);
  s.inside = config.size_or("n_inner", 4 * s.width);
  s.max_tokens = config.size_or("n_positions", kUnlimited, 1, kUnlimited);
  // The factor stretches positions beyond the trained ones, of the longest text of a batch: none is run
  // there.
  if (config.has("rotary_scaling_factor"))
    s.max_tokens = std::min(s.max_tokens, config.size_or("max_trained_positions", 2048));
  s.epsilon = config.real("layer_norm_epsilon", 1e-12);
  s.rope.theta = config.real("rotary_emb_base", 10000);
  s.rope.partial_factor = config.real("rotary_emb_fraction", 1);
  s.is_interleaved = config.flag("rotary_emb_interleaved", false);
  s.qkv_bias = config.flag("qkv_proj_bias", true);
  s.up_bias = config.flag("mlp_fc1_bias", true);
  s.down_bias = config.flag("mlp_fc2_bias", true);
  const std::string function = config.text("activation_function", "swiglu");
  if (function != "swiglu" && function != "geglu" && function != "glu") {
    config.fail_field("activation_function", "one of swiglu, geglu, glu");
  }
  s.gate = function == "swiglu"  ? Activation::kSilu
           : function == "geglu" ? Activation::kGelu
                                 : Activation::kSigmoid;
  return s;
}

Settings read_common(const ModelConfig& config) {
  Settings s{};
  s.width = config.size("hidden_size");
  s.num_heads = config.size("num_attention_heads");
  s.num_layers = config.size("num_hidden_layers", 1, 4096);
  s.inside = config.size("intermediate_size");
  s.max_tokens = config.size_or("max_position_embeddings", kUnlimited, 1, kUnlimited);
  s.epsilon = config.real("layer_norm_eps", 1e-12);
  s.rope = config.rope(10000);
  s.gate = read_activation(config, "hidden_act", "silu");
  return s;
}

Transformer make_nomic_bert(const ModelSource& source) {
  const ModelConfig& config = source.config;
  const Settings s = config.has("n_embd") ? read_own(config) : read_common(config);
  Transformer model;
  const int64_t width = model.width = s.width, inside = s.inside;
  model.num_heads = model.num_kv_heads = s.num_heads;
  if (width % model.num_heads != 0) {
    fail(config.where(), ": ", model.num_heads, " attention heads do not divide the width ", width);
  }
  model.head_dim = width / model.num_heads;
  model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(model.head_dim)));
  model.layers.resize(static_cast<size_t>(s.num_layers));
  model.max_tokens = s.max_tokens;
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kLayer, width, s.epsilon);
  };
  TokenEmbeddings& embeddings = model.embeddings;
  embeddings.words =
      read_table(source, "embeddings.word_embeddings.weight", config.size("vocab_size"), width);
  embeddings.type = Array<float>(width);
  read_table(source, "embeddings.token_type_embeddings.weight", config.size_or("type_vocab_size", 2), width)
      .copy_rows(0, 1, embeddings.type.mutable_data());
  embeddings.norm = norm("emb_ln");
  const auto rotary = std::make_shared<const RotaryPositions>(s.rope, model.head_dim, config.where());
  const int64_t turning = 2 * std::ssize(rotary->frequencies());
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("encoder.layers.", i, ".");
    Matrix weight = source.weights.matrix(name + "attn.Wqkv.weight", 3 * width, width, source.context);
    Array<float> bias;
    if (s.qkv_bias) bias = source.weights.vector(name + "attn.Wqkv.bias", 3 * width, source.context);
    if (s.is_interleaved) {
      deinterleave_heads(2 * model.num_heads, model.head_dim, turning, width, weight.mutable_data<float>());
      if (s.qkv_bias)
        deinterleave_heads(2 * model.num_heads, model.head_dim, turning, 1, bias.mutable_data());
    }
    const auto copy_rows = [&](int64_t begin, int64_t end, float* out) {
      std::copy_n(weight.row<float>(begin).data(), (end - begin) * width, out);
    };
    layer.qkv = make_linear(source, 3 * width, width, copy_rows, bias.span());
    layer.rotary = rotary;
    layer.attention_out = read_linear(source, name + "attn.out_proj", {width, width, s.qkv_bias});
    layer.attention_norm = norm(name + "norm1");
    layer.up =
        read_joined(source, {{name + "mlp.fc12", inside}, {name + "mlp.fc11", inside}}, width, s.up_bias);
    layer.is_gated = true;
    layer.gate = s.gate;
    layer.down = read_linear(source, name + "mlp.fc2", {inside, width, s.down_bias});
    layer.feed_norm = norm(name + "norm2");
  }
  return model;
}

const Architecture kRegistered("nomic_bert", make_nomic_bert);

}  // namespace
}  // namespace whitney::infer
