#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/infer/norm.h"
#include "whitney/infer/rotary.h"

namespace whitney::infer {

/// Stands for "as far as the text goes".
inline constexpr int64_t kUnlimited = std::numeric_limits<int64_t>::max() / 4;

/// How the heads of one layer look at each other's tokens. Query head g reads key and value head
/// g / (num_heads / num_kv_heads).
struct AttentionSettings {
  int64_t num_heads = 1;
  int64_t num_kv_heads = 1;
  int64_t head_dim = 1;
  /// Scores are scale * q.k + bias.
  float scale = 1;
  /// Token i sees tokens i - reach_before .. i + reach_after of its text; causal: reach_after = 0.
  int64_t reach_before = kUnlimited;
  int64_t reach_after = kUnlimited;
  /// Tokens 0 .. prefixes[s] - 1 of text s see each other whatever reach_after says (prefix LM); may be null.
  const int64_t* prefixes = nullptr;
  /// Norms of each query and key head before they are turned; may be null.
  const Norm* query_norm = nullptr;
  const Norm* key_norm = nullptr;
  /// Rotary positions, of at least the longest text's length; may be null.
  const RotaryAngles* angles = nullptr;
  /// bias[head * (2 bias_reach - 1) + bias_reach - 1 + j - i] for key j of query i; bias_reach is at least
  /// the longest text's length. May be null.
  const float* bias = nullptr;
  int64_t bias_reach = 0;

  /// Values of a token's row: queries of all heads, then keys, then values.
  int64_t row_values() const { return (num_heads + 2 * num_kv_heads) * head_dim; }
};

/// Memory that attention works in, a piece per worker; used again and again.
struct AttentionScratch {
  std::vector<Array<float>> workers;
};

/// Computes softmax(scores) * values for every token and head of texts laid end to end: those of text s are
/// rows starts[s] .. starts[s + 1] - 1. qkv: tokens x row_values(), out: tokens x num_heads * head_dim, both
/// packed. What a text gets depends on its rows and the SIMD level only. O(tokens * text length) time; a
/// worker keeps one head's keys and values and the scores of some 100 queries, not all scores.
void attend(const Context& context, const AttentionSettings& settings, std::span<const int64_t> starts,
            const float* qkv, AttentionScratch& scratch, float* out);

}  // namespace whitney::infer
