#include "whitney/infer/gguf_model.h"

#include <array>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/infer/dequantize.h"

namespace whitney::infer {
namespace {

/// A tensor's name in the file without ".weight" or ".bias", and at Hugging Face.
using Names = std::pair<std::string_view, std::string_view>;

struct Architecture {
  std::string_view gguf;
  std::string_view model_type;
  /// Put before the number of a layer.
  std::string_view layers;
  std::span<const Names> whole;
  std::span<const Names> layer;
  /// llama.cpp turns pairs of neighbours where Hugging Face turns halves: q and k are stored interleaved.
  bool interleaved = false;
};

constexpr std::array<Names, 3> kDecoderWhole{
    {{"token_embd", "embed_tokens"}, {"output_norm", "norm"}, {"output", "lm_head"}}};
constexpr std::array<Names, 11> kDecoderLayer{{{"attn_norm", "input_layernorm"},
                                               {"attn_q", "self_attn.q_proj"},
                                               {"attn_k", "self_attn.k_proj"},
                                               {"attn_v", "self_attn.v_proj"},
                                               {"attn_output", "self_attn.o_proj"},
                                               {"attn_q_norm", "self_attn.q_norm"},
                                               {"attn_k_norm", "self_attn.k_norm"},
                                               {"ffn_norm", "post_attention_layernorm"},
                                               {"ffn_gate", "mlp.gate_proj"},
                                               {"ffn_up", "mlp.up_proj"},
                                               {"ffn_down", "mlp.down_proj"}}};

constexpr std::array<Names, 4> kBertWhole{{{"token_embd", "embeddings.word_embeddings"},
                                           {"position_embd", "embeddings.position_embeddings"},
                                           {"token_types", "embeddings.token_type_embeddings"},
                                           {"token_embd_norm", "embeddings.LayerNorm"}}};
constexpr std::array<Names, 8> kBertLayer{{{"attn_q", "attention.self.query"},
                                           {"attn_k", "attention.self.key"},
                                           {"attn_v", "attention.self.value"},
                                           {"attn_output", "attention.output.dense"},
                                           {"attn_output_norm", "attention.output.LayerNorm"},
                                           {"ffn_up", "intermediate.dense"},
                                           {"ffn_down", "output.dense"},
                                           {"layer_output_norm", "output.LayerNorm"}}};

constexpr std::array<Names, 3> kNomicWhole{{{"token_embd", "embeddings.word_embeddings"},
                                            {"token_types", "embeddings.token_type_embeddings"},
                                            {"token_embd_norm", "emb_ln"}}};
constexpr std::array<Names, 7> kNomicLayer{{{"attn_qkv", "attn.Wqkv"},
                                            {"attn_output", "attn.out_proj"},
                                            {"attn_output_norm", "norm1"},
                                            {"ffn_up", "mlp.fc11"},
                                            {"ffn_gate", "mlp.fc12"},
                                            {"ffn_down", "mlp.fc2"},
                                            {"layer_output_norm", "norm2"}}};

constexpr std::array<Architecture, 5> kArchitectures{
    {{"llama", "llama", "layers.", kDecoderWhole, kDecoderLayer, true},
     {"qwen2", "qwen2", "layers.", kDecoderWhole, kDecoderLayer},
     {"qwen3", "qwen3", "layers.", kDecoderWhole, kDecoderLayer},
     {"bert", "bert", "encoder.layer.", kBertWhole, kBertLayer},
     {"nomic-bert", "nomic_bert", "encoder.layers.", kNomicWhole, kNomicLayer}}};

const Architecture& architecture_of(const GgufFile& gguf) {
  const std::string& name = gguf.architecture();
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.gguf == name) return architecture;
    known += concat(known.empty() ? "" : ", ", architecture.gguf);
  }
  fail(gguf.path, ": is of the architecture \"", name, "\", which Whitney does not run from GGUF; it runs ",
       known);
}

std::string_view find_name(std::span<const Names> names, std::string_view stem) {
  for (const auto& [ours, theirs] : names) {
    if (ours == stem) return theirs;
  }
  return {};
}

/// The file's metadata, asked by the key behind the architecture's name.
class Metadata {
 public:
  explicit Metadata(const GgufFile& gguf) : gguf_(gguf), prefix_(gguf.architecture() + ".") {}

  const Value* find(std::string_view key) const { return gguf_.metadata.find(prefix_ + std::string(key)); }

  int64_t count(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) fail(gguf_.path, ": has no metadata \"", prefix_, key, "\"");
    return checked_count(*value, key);
  }
  int64_t count(std::string_view key, int64_t fallback) const {
    const Value* value = find(key);
    return value == nullptr ? fallback : checked_count(*value, key);
  }
  double real(std::string_view key, double fallback) const {
    const Value* value = find(key);
    if (value == nullptr) return fallback;
    if (!value->is_number() || !std::isfinite(value->as_real()))
      fail(gguf_.path, ": the metadata \"", prefix_, key, "\" is ", value->to_json(), ", which is no number");
    return value->as_real();
  }
  std::string text(std::string_view key, std::string_view fallback) const {
    const Value* value = find(key);
    return value != nullptr && value->is_string() ? value->as_string() : std::string(fallback);
  }

 private:
  int64_t checked_count(const Value& value, std::string_view key) const {
    constexpr int64_t kMost = int64_t{1} << 31;
    if (!value.is_int() || value.as_int() < 1 || value.as_int() > kMost) {
      fail(gguf_.path, ": the metadata \"", prefix_, key, "\" is ", value.to_json().substr(0, 80),
           ", but must be one integer from 1 to 2^31");
    }
    return value.as_int();
  }

  const GgufFile& gguf_;
  std::string prefix_;
};

const GgufTensor* find_tensor(const GgufFile& gguf, std::string_view name) {
  for (const GgufTensor& tensor : gguf.tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

int64_t num_rows(const GgufFile& gguf, std::string_view name) {
  const GgufTensor* tensor = find_tensor(gguf, name);
  if (tensor == nullptr || tensor->shape.size() != 2) fail(gguf.path, ": has no matrix \"", name, "\"");
  return tensor->shape[0];
}

// llama.cpp keeps the frequencies' divisors of llama 3 and longrope as a tensor, not as settings.
Value::List frequency_factors(const GgufFile& gguf, const GgufTensor& tensor) {
  if (tensor.shape.size() != 1 || tensor.type != WeightType::kF32)
    fail(gguf.path, ": tensor \"", tensor.name, "\" is no vector of F32");
  std::vector<float> values(static_cast<size_t>(tensor.shape[0]));
  dequantize(tensor.type, gguf.bytes.data() + tensor.begin, tensor.shape[0], values.data());
  return {values.begin(), values.end()};
}

void set_rope(const GgufFile& gguf, const Metadata& metadata, Value& config) {
  config.set("rope_theta", metadata.real("rope.freq_base", 10000));
  if (const GgufTensor* factors = find_tensor(gguf, "rope_freqs.weight")) {
    config.set("rope_scaling",
               Value::object({{"rope_type", "factors"}, {"factors", frequency_factors(gguf, *factors)}}));
    return;
  }
  const std::string type = metadata.text("rope.scaling.type", "none");
  if (type == "none") return;
  config.set("rope_scaling", Value::object({{"rope_type", type},
                                            {"factor", metadata.real("rope.scaling.factor", 1)},
                                            {"original_max_position_embeddings",
                                             metadata.count("rope.scaling.original_context_length",
                                                            metadata.count("context_length"))}}));
}

void set_decoder(const GgufFile& gguf, const Metadata& metadata, Value& config) {
  const int64_t hidden = metadata.count("embedding_length"), heads = metadata.count("attention.head_count");
  const int64_t width = metadata.count("attention.key_length", hidden / heads);
  config.set("vocab_size", num_rows(gguf, "token_embd.weight"));
  config.set("hidden_size", hidden);
  config.set("num_hidden_layers", metadata.count("block_count"));
  config.set("num_attention_heads", heads);
  config.set("num_key_value_heads", metadata.count("attention.head_count_kv", heads));
  config.set("head_dim", width);
  config.set("intermediate_size", metadata.count("feed_forward_length"));
  config.set("max_position_embeddings", metadata.count("context_length"));
  config.set("rms_norm_eps", metadata.real("attention.layer_norm_rms_epsilon", 1e-6));
  config.set("hidden_act", "silu");
  config.set("tie_word_embeddings", find_tensor(gguf, "output.weight") == nullptr);
  set_rope(gguf, metadata, config);
  const int64_t turned = metadata.count("rope.dimension_count", width);
  if (turned != width)
    config.set("partial_rotary_factor", static_cast<double>(turned) / static_cast<double>(width));
  if (metadata.find("attention.sliding_window") != nullptr) {
    config.set("sliding_window", metadata.count("attention.sliding_window"));
    config.set("use_sliding_window", true);
  }
  if (const Value* causal = metadata.find("attention.causal"); causal != nullptr && causal->is_bool())
    config.set("is_causal", causal->as_bool());
}

void set_bert(const GgufFile& gguf, const Metadata& metadata, Value& config) {
  config.set("vocab_size", num_rows(gguf, "token_embd.weight"));
  config.set("hidden_size", metadata.count("embedding_length"));
  config.set("num_hidden_layers", metadata.count("block_count"));
  config.set("num_attention_heads", metadata.count("attention.head_count"));
  config.set("intermediate_size", metadata.count("feed_forward_length"));
  config.set("hidden_act", "gelu");
  // Of RoBERTa's table the converter leaves out the rows before the first position: it counts from 0 too.
  config.set("max_position_embeddings", num_rows(gguf, "position_embd.weight"));
  config.set("type_vocab_size", num_rows(gguf, "token_types.weight"));
  config.set("layer_norm_eps", metadata.real("attention.layer_norm_epsilon", 1e-12));
  config.set("position_embedding_type", "absolute");
}

void set_nomic(const GgufFile& gguf, const Metadata& metadata, Value& config) {
  config.set("vocab_size", num_rows(gguf, "token_embd.weight"));
  config.set("n_embd", metadata.count("embedding_length"));
  config.set("n_layer", metadata.count("block_count"));
  config.set("n_head", metadata.count("attention.head_count"));
  config.set("n_inner", metadata.count("feed_forward_length"));
  config.set("n_positions", metadata.count("context_length"));
  config.set("type_vocab_size", num_rows(gguf, "token_types.weight"));
  config.set("layer_norm_epsilon", metadata.real("attention.layer_norm_epsilon", 1e-12));
  config.set("activation_function", "swiglu");
  config.set("prenorm", false);
  config.set("qkv_proj_bias", false);
  config.set("mlp_fc1_bias", false);
  config.set("mlp_fc2_bias", false);
  config.set("rotary_emb_base", metadata.real("rope.freq_base", 10000));
  config.set("rotary_emb_fraction", 1.0);
  config.set("rotary_emb_interleaved", false);
}

}  // namespace

std::optional<TensorOrigin> origin_of(const GgufFile& gguf, std::string_view name) {
  const Architecture& architecture = architecture_of(gguf);
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view kind = name.substr(dot);  // ".weight"
  std::string_view stem = name.substr(0, dot);
  if (!stem.starts_with("blk.")) {
    const std::string_view theirs = find_name(architecture.whole, stem);
    if (theirs.empty()) return std::nullopt;
    return TensorOrigin{concat(theirs, kind), 0};
  }
  stem.remove_prefix(4);
  const std::string_view number = stem.substr(0, stem.find('.'));
  if (number.empty() || number.size() == stem.size() ||
      number.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  stem.remove_prefix(number.size() + 1);
  const std::string_view theirs = find_name(architecture.layer, stem);
  if (theirs.empty()) return std::nullopt;
  TensorOrigin origin{concat(architecture.layers, number, '.', theirs, kind), 0};
  if (architecture.interleaved && (stem == "attn_q" || stem == "attn_k")) {
    const Metadata metadata(gguf);
    const int64_t heads = metadata.count("attention.head_count");
    origin.interleaved_heads = stem == "attn_q" ? heads : metadata.count("attention.head_count_kv", heads);
  }
  return origin;
}

Value config_of(const GgufFile& gguf) {
  const Architecture& architecture = architecture_of(gguf);
  const Metadata metadata(gguf);
  Value config = Value::object({{"model_type", architecture.model_type}});
  if (architecture.gguf == "bert") {
    set_bert(gguf, metadata, config);
  } else if (architecture.gguf == "nomic-bert") {
    set_nomic(gguf, metadata, config);
  } else {
    set_decoder(gguf, metadata, config);
  }
  for (const auto& [ours, theirs] :
       {Names{"bos", "bos_token_id"}, Names{"eos", "eos_token_id"}, Names{"padding", "pad_token_id"}}) {
    const Value* id = gguf.metadata.find(concat("tokenizer.ggml.", ours, "_token_id"));
    if (id != nullptr && id->is_int()) config.set(theirs, *id);
  }
  return config;
}

}  // namespace whitney::infer
