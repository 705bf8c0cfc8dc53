#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/infer/architecture.h"
#include "whitney/infer/linear.h"
#include "whitney/infer/norm.h"
#include "whitney/infer/transformer.h"

namespace whitney::infer {

// What the architectures' files share: parts read from a checkpoint by their tensors' names. All throw Error
// that names the tensor, or file and field, where it is missing or of the wrong size.

/// `name`.weight and, for kLayer with `has_bias`, `name`.bias.
Norm read_norm(const ModelSource& source, const std::string& name, NormKind kind, int64_t dim, double epsilon,
               bool has_bias = true);

/// How a linear layer lies in its file.
struct LinearShape {
  int64_t in = 0;
  int64_t out = 0;
  bool has_bias = true;
  /// in x out, as GPT-2 has it.
  bool is_transposed = false;
};

/// A layer of rows that `copy_rows` gives as float32, in the source's precision.
Linear make_linear(const ModelSource& source, int64_t out, int64_t in,
                   const DenseWeights::CopyRows& copy_rows, std::span<const float> bias,
                   Activation activation = Activation::kIdentity);

/// `name`.weight and `name`.bias.
Linear read_linear(const ModelSource& source, const std::string& name, const LinearShape& shape,
                   Activation activation = Activation::kIdentity);

/// One of several layers that are run as one, their rows one after the other.
struct JoinedPart {
  std::string name;
  int64_t out = 0;
};
Linear read_joined(const ModelSource& source, const std::vector<JoinedPart>& parts, int64_t in,
                   bool has_bias);

/// What the parts of a layer of BERT and its kin are called, behind the layer's own name.
struct BertLayerNames {
  const char* query;
  const char* key;
  const char* value;
  const char* attention_out;
  const char* attention_norm;
  const char* up;
  const char* down;
  const char* feed_norm;
};

/// Reads the sized `layers` of a model that is BERT but for its names: `before`0., `before`1., ...
/// inside: the width between `up` and `down`.
void read_bert_layers(const ModelSource& source, const std::string& before, const BertLayerNames& names,
                      int64_t inside, Activation activation, double epsilon, Transformer& model);

/// Reads the words, `num_positions` positions and the norm of such a model's embeddings.
void read_bert_embeddings(const ModelSource& source, int64_t num_positions, double epsilon,
                          Transformer& model);

/// The table `name` of T5's and MPNet's bias by distance. The number of buckets, four or more and even, is
/// "relative_attention_num_buckets" (absent: 32).
RelativeBias read_relative_bias(const ModelSource& source, const std::string& name, int64_t num_heads,
                                int64_t max_distance);

/// An embedding table that stays in its file.
WeightTensor read_table(const ModelSource& source, const std::string& name, int64_t rows, int64_t dim);

/// An activation by its name in config.json. Throws Error that lists the known.
Activation read_activation(const ModelConfig& config, std::string_view field, std::string_view fallback);

/// Reads hidden sizes under the names that most architectures use: hidden_size, num_attention_heads,
/// num_key_value_heads, head_dim; checks that they fit. Leaves `layers` empty but sized.
Transformer read_sizes(const ModelConfig& config);

/// Rows [2 half interleaved] to [half, half] for each of `num_heads` heads of `head_dim` rows, of which the
/// first `rotary_dim` turn.
void deinterleave_heads(int64_t num_heads, int64_t head_dim, int64_t rotary_dim, int64_t cols, float* rows);

/// True where the checkpoint says that no token sees a later one: "is_causal" (absent: `fallback`) and
/// "use_bidirectional_attention".
bool is_causal(const ModelConfig& config, bool fallback);

}  // namespace whitney::infer
