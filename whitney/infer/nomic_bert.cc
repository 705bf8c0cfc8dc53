// Nomic BERT (Nussbaum et al. 2024, arXiv 2402.01613): BERT with rotary positions and gated feed-forward
// nets.

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/infer/model_parts.h"

namespace whitney::infer {
namespace {

Transformer make_nomic_bert(const ModelSource& source) {
  const ModelConfig& config = source.config;
  if (config.flag("prenorm", false)) config.fail_field("prenorm", "only false can be run");
  if (config.flag("use_rms_norm", false)) config.fail_field("use_rms_norm", "only false can be run");
  Transformer model;
  const int64_t width = model.width = config.size("n_embd");
  model.num_heads = model.num_kv_heads = config.size("n_head");
  if (width % model.num_heads != 0) {
    config.fail_field("n_head", concat("a divisor of the width ", width, " is expected"));
  }
  model.head_dim = width / model.num_heads;
  model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(model.head_dim)));
  model.layers.resize(static_cast<size_t>(config.size("n_layer", 1, 4096)));
  model.max_tokens = config.size_or("n_positions", kUnlimited, 1, kUnlimited);
  const int64_t inside = config.size_or("n_inner", 4 * width);
  const double epsilon = config.real("layer_norm_epsilon", 1e-12);
  const auto norm = [&](const std::string& name) {
    return read_norm(source, name, NormKind::kLayer, width, epsilon);
  };
  TokenEmbeddings& embeddings = model.embeddings;
  embeddings.words =
      read_table(source, "embeddings.word_embeddings.weight", config.size("vocab_size"), width);
  embeddings.type = Array<float>(width);
  read_table(source, "embeddings.token_type_embeddings.weight", config.size_or("type_vocab_size", 2), width)
      .copy_rows(0, 1, embeddings.type.mutable_data());
  embeddings.norm = norm("emb_ln");
  RopeSettings rope;
  rope.theta = config.real("rotary_emb_base", 10000);
  rope.partial_factor = config.real("rotary_emb_fraction", 1);
  const auto rotary = std::make_shared<const RotaryPositions>(rope, model.head_dim, config.where());
  const int64_t turning = 2 * std::ssize(rotary->frequencies());
  const bool is_interleaved = config.flag("rotary_emb_interleaved", false);
  const bool qkv_bias = config.flag("qkv_proj_bias", true), up_bias = config.flag("mlp_fc1_bias", true);
  const bool down_bias = config.flag("mlp_fc2_bias", true);
  const std::string function = config.text("activation_function", "swiglu");
  if (function != "swiglu" && function != "geglu" && function != "glu") {
    config.fail_field("activation_function", "one of swiglu, geglu, glu is expected");
  }
  const Activation gate = function == "swiglu"  ? Activation::kSilu
                          : function == "geglu" ? Activation::kGelu
                                                : Activation::kSigmoid;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat("encoder.layers.", i, ".");
    Matrix weight = source.weights.matrix(name + "attn.Wqkv.weight", 3 * width, width, source.context);
    Array<float> bias;
    if (qkv_bias) bias = source.weights.vector(name + "attn.Wqkv.bias", 3 * width, source.context);
    if (is_interleaved) {
      deinterleave_heads(2 * model.num_heads, model.head_dim, turning, width, weight.mutable_data<float>());
      if (qkv_bias) deinterleave_heads(2 * model.num_heads, model.head_dim, turning, 1, bias.mutable_data());
    }
    layer.qkv = Linear(DenseWeights(weight, bias.span()));
    layer.rotary = rotary;
    layer.attention_out = read_linear(source, name + "attn.out_proj", {width, width, qkv_bias});
    layer.attention_norm = norm(name + "norm1");
    layer.up =
        read_joined(source, {{name + "mlp.fc12", inside}, {name + "mlp.fc11", inside}}, width, up_bias);
    layer.is_gated = true;
    layer.gate = gate;
    layer.down = read_linear(source, name + "mlp.fc2", {inside, width, down_bias});
    layer.feed_norm = norm(name + "norm2");
  }
  return model;
}

const Architecture kRegistered("nomic_bert", make_nomic_bert);

}  // namespace
}  // namespace whitney::infer
