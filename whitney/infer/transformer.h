#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/infer/attention.h"
#include "whitney/infer/linear.h"
#include "whitney/infer/norm.h"
#include "whitney/infer/relative_bias.h"
#include "whitney/infer/rotary.h"
#include "whitney/infer/weights.h"

namespace whitney::infer {

class LatentAttention;

/// Texts as tokens laid end to end, without padding: those of text s are ids[starts[s]] .. ids[starts[s + 1]
/// - 1].
struct PackedBatch {
  std::span<const int32_t> ids;
  std::span<const int64_t> starts;
  /// Tokens at the beginning of each text that see each other whatever the causal mask says (prefix LM); may
  /// be empty.
  std::span<const int64_t> prefixes = {};

  int64_t num_texts() const { return std::ssize(starts) - 1; }
  int64_t num_tokens() const { return std::ssize(ids); }
  int64_t longest() const;
};

/// What a token is before the first layer: norm(word + position + type).
struct TokenEmbeddings {
  WeightTensor words;
  /// Row t + first_position is added to token t of a text; empty where the model has no table. Where a
  /// padding token is told, one in a text gets the row of its own id, and is not counted.
  Matrix positions;
  int64_t first_position = 0;
  std::optional<int64_t> padding;
  /// The row of token type 0; may be empty.
  Array<float> type;
  std::optional<Norm> norm;
};

/// One layer: attention and a feed-forward net, each beside the residual stream.
struct TransformerLayer {
  /// Before its part where the model normalises first (absent: as it comes), else after the sum.
  std::optional<Norm> attention_norm, feed_norm;
  /// Queries, keys and values in one: AttentionSettings::row_values() rows.
  Linear qkv;
  Linear attention_out;
  std::optional<Norm> query_norm, key_norm;
  /// May be null.
  std::shared_ptr<const RotaryPositions> rotary;
  int64_t reach_before = kUnlimited, reach_after = kUnlimited;

  /// Gate and then up where the net is gated: activation(gate) * up.
  Linear up;
  bool is_gated = false;
  Activation gate = Activation::kIdentity;
  Linear down;
};

/// Memory of one forward pass, used again and again.
struct Workspace {
  Array<float> hidden;    // tokens x width: the residual stream, and the result
  Array<float> attended;  // tokens x heads
  Array<float> normed;    // tokens x width, where parts normalise their input
  Array<float> wide;      // queries, keys and values; and the inside of the feed-forward net
  Array<float> bias;
  Array<float> mixed;  // tokens x width: the weighted sum of layers, where layers are mixed
  AttentionScratch attention;
};

struct ForwardOptions {
  /// Runs the first so many layers; absent: all.
  std::optional<int64_t> num_layers;
  /// Overrides what the checkpoint says: true lets no token see a later one.
  std::optional<bool> causal;
  /// Not empty: the result is the mean, so weighted, of the states behind as many of the last layers that are
  /// run; one more than these takes in the embeddings. As transformers' hidden_states, only the last is
  /// behind the final norm.
  std::span<const float> layer_weights = {};
};

/// A transformer encoder or decoder as its checkpoint's architecture declares it.
struct Transformer {
  int64_t width = 0;
  int64_t num_heads = 1;
  int64_t num_kv_heads = 1;
  int64_t head_dim = 1;
  float scale = 1;
  TokenEmbeddings embeddings;
  std::vector<TransformerLayer> layers;
  /// Each part normalises its input (true), or the sum of input and output (false).
  bool norm_first = false;
  std::optional<Norm> final_norm;
  std::optional<RelativeBias> relative_bias;
  /// What the states go through at last; may be null.
  std::shared_ptr<const LatentAttention> latents;
  /// The most tokens of a text; kUnlimited where nothing bounds it.
  int64_t max_tokens = kUnlimited;

  int64_t vocabulary_size() const { return embeddings.words.rows(); }
  /// Values of a token at its widest, between two products.
  int64_t inside() const;
  /// Leaves the last layer's states (or the mean of several) in workspace.hidden, tokens x width, behind the
  /// final norm and the latents where there are any, also when layers are left out. Throws Error for an id
  /// beyond the vocabulary and a text that is too long. A text's states depend on its ids and the SIMD level,
  /// never on the batch or the threads.
  void run(const Context& context, const PackedBatch& batch, const ForwardOptions& options,
           Workspace& workspace) const;
  /// Bytes of a workspace for so many tokens on `threads` threads, all in one text.
  int64_t workspace_bytes(int64_t num_tokens, int threads) const;
};

}  // namespace whitney::infer
