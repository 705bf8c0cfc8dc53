#include "whitney/infer/model_parts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "whitney/core/error.h"

namespace whitney::infer {
namespace {

Matrix read_transposed(const ModelSource& source, const std::string& name, int64_t in, int64_t out) {
  const Matrix stored = source.weights.matrix(name, in, out, source.context);
  Matrix weight(out, in);
  float* values = weight.mutable_data<float>();
  for (int64_t i = 0; i < in; ++i) {
    const float* row = stored.row<float>(i).data();
    for (int64_t o = 0; o < out; ++o) values[o * in + i] = row[o];
  }
  return weight;
}

}  // namespace

Norm read_norm(const ModelSource& source, const std::string& name, NormKind kind, int64_t dim, double epsilon,
               bool has_bias) {
  Norm norm;
  norm.kind = kind;
  norm.weight = source.weights.vector(name + ".weight", dim, source.context);
  if (kind == NormKind::kLayer && has_bias) {
    norm.bias = source.weights.vector(name + ".bias", dim, source.context);
  }
  norm.epsilon = static_cast<float>(epsilon);
  return norm;
}

Linear make_linear(const ModelSource& source, int64_t out, int64_t in,
                   const DenseWeights::CopyRows& copy_rows, std::span<const float> bias,
                   Activation activation) {
  if (source.precision == Precision::kInt8) {
    return Linear(Int8Weights(source.context, out, in, copy_rows, bias), activation);
  }
  return Linear(DenseWeights(source.context, out, in, copy_rows, bias), activation);
}

Linear read_linear(const ModelSource& source, const std::string& name, const LinearShape& shape,
                   Activation activation) {
  Array<float> bias;
  if (shape.has_bias) bias = source.weights.vector(name + ".bias", shape.out, source.context);
  if (shape.is_transposed) {
    const Matrix weight = read_transposed(source, name + ".weight", shape.in, shape.out);
    const auto copy_rows = [&](int64_t begin, int64_t end, float* out) {
      std::copy_n(weight.row<float>(begin).data(), (end - begin) * shape.in, out);
    };
    return make_linear(source, shape.out, shape.in, copy_rows, bias.span(), activation);
  }
  const WeightTensor& weight = source.weights.tensor(name + ".weight", {shape.out, shape.in});
  const auto copy_rows = [&](int64_t begin, int64_t end, float* out) { weight.copy_rows(begin, end, out); };
  return make_linear(source, shape.out, shape.in, copy_rows, bias.span(), activation);
}

Linear read_joined(const ModelSource& source, const std::vector<JoinedPart>& parts, int64_t in,
                   bool has_bias) {
  std::vector<const WeightTensor*> tensors;
  std::vector<float> bias;
  int64_t out = 0;
  for (const JoinedPart& part : parts) {
    tensors.push_back(&source.weights.tensor(part.name + ".weight", {part.out, in}));
    out += part.out;
    if (!has_bias) continue;
    const Array<float> values = source.weights.vector(part.name + ".bias", part.out, source.context);
    bias.insert(bias.end(), values.begin(), values.end());
  }
  const auto copy_rows = [&](int64_t begin, int64_t end, float* to) {
    int64_t first = 0;
    for (size_t p = 0; p < parts.size(); ++p) {
      const int64_t from = std::max(begin, first), until = std::min(end, first + parts[p].out);
      if (from < until) tensors[p]->copy_rows(from - first, until - first, to + (from - begin) * in);
      first += parts[p].out;
    }
  };
  return make_linear(source, out, in, copy_rows, bias);
}

void read_bert_layers(const ModelSource& source, const std::string& before, const BertLayerNames& names,
                      int64_t inside, Activation activation, double epsilon, Transformer& model) {
  const int64_t width = model.width;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    TransformerLayer& layer = model.layers[i];
    const std::string name = concat(before, i, ".");
    layer.qkv = read_joined(
        source, {{name + names.query, width}, {name + names.key, width}, {name + names.value, width}}, width,
        true);
    layer.attention_out = read_linear(source, name + names.attention_out, {width, width});
    layer.attention_norm = read_norm(source, name + names.attention_norm, NormKind::kLayer, width, epsilon);
    layer.up = read_linear(source, name + names.up, {width, inside}, activation);
    layer.down = read_linear(source, name + names.down, {inside, width});
    layer.feed_norm = read_norm(source, name + names.feed_norm, NormKind::kLayer, width, epsilon);
  }
}

void read_bert_embeddings(const ModelSource& source, int64_t num_positions, double epsilon,
                          Transformer& model) {
  TokenEmbeddings& embeddings = model.embeddings;
  embeddings.words =
      read_table(source, "embeddings.word_embeddings.weight", source.config.size("vocab_size"), model.width);
  embeddings.positions = source.weights.matrix("embeddings.position_embeddings.weight", num_positions,
                                               model.width, source.context);
  embeddings.norm = read_norm(source, "embeddings.LayerNorm", NormKind::kLayer, model.width, epsilon);
}

RelativeBias read_relative_bias(const ModelSource& source, const std::string& name, int64_t num_heads,
                                int64_t max_distance) {
  constexpr const char* kField = "relative_attention_num_buckets";
  const int64_t num_buckets = source.config.size_or(kField, 32, 4, 1 << 16);
  if (num_buckets % 2 != 0) source.config.fail_field(kField, "an even number");
  if (max_distance <= num_buckets / 4) {
    source.config.fail_field(
        kField, concat("fewer than four times the largest distance, ", max_distance, ", are expected"));
  }
  return {source.weights.matrix(name, num_buckets, num_heads, source.context), max_distance};
}

WeightTensor read_table(const ModelSource& source, const std::string& name, int64_t rows, int64_t dim) {
  return source.weights.tensor(name, {rows, dim});
}

Activation read_activation(const ModelConfig& config, std::string_view field, std::string_view fallback) {
  static constexpr std::array<std::pair<std::string_view, Activation>, 9> kKnown{{
      {"gelu", Activation::kGelu},
      {"gelu_new", Activation::kGeluTanh},
      {"gelu_fast", Activation::kGeluTanh},
      {"gelu_pytorch_tanh", Activation::kGeluTanh},
      {"relu", Activation::kRelu},
      {"silu", Activation::kSilu},
      {"swish", Activation::kSilu},
      {"tanh", Activation::kTanh},
      {"sigmoid", Activation::kSigmoid},
  }};
  const std::string name = config.text(field, fallback);
  std::string known;
  for (const auto& [known_name, activation] : kKnown) {
    if (known_name == name) return activation;
    known += (known.empty() ? "" : ", ") + std::string(known_name);
  }
  config.fail_field(field, "one of " + known);
}

Transformer read_sizes(const ModelConfig& config) {
  Transformer model;
  model.width = config.size("hidden_size");
  model.num_heads = config.size("num_attention_heads");
  model.num_kv_heads = config.size_or("num_key_value_heads", model.num_heads);
  if (model.num_heads % model.num_kv_heads != 0) {
    config.fail_field("num_key_value_heads",
                      concat("a divisor of the ", model.num_heads, " attention heads is expected"));
  }
  if (!config.has("head_dim") && model.width % model.num_heads != 0) {
    config.fail_field("num_attention_heads", concat("a divisor of the width ", model.width));
  }
  model.head_dim = config.size_or("head_dim", model.width / model.num_heads, 1, 4096);
  model.scale = static_cast<float>(1 / std::sqrt(static_cast<double>(model.head_dim)));
  model.layers.resize(static_cast<size_t>(config.size("num_hidden_layers", 1, 4096)));
  return model;
}

void deinterleave_heads(int64_t num_heads, int64_t head_dim, int64_t rotary_dim, int64_t cols, float* rows) {
  const int64_t half = rotary_dim / 2;
  std::vector<float> old(static_cast<size_t>(rotary_dim * cols));
  for (int64_t head = 0; head < num_heads; ++head) {
    float* first = rows + head * head_dim * cols;
    std::copy_n(first, rotary_dim * cols, old.data());
    for (int64_t i = 0; i < rotary_dim; ++i) {
      const int64_t from = i < half ? 2 * i : 2 * (i - half) + 1;
      std::copy_n(old.data() + from * cols, cols, first + i * cols);
    }
  }
}

bool is_causal(const ModelConfig& config, bool fallback) {
  return config.flag("is_causal", fallback) && !config.flag("use_bidirectional_attention", false);
}

}  // namespace whitney::infer
