#pragma once

#include "whitney/infer/model_parts.h"

namespace whitney::infer {

/// What tells the kin of Llama apart.
struct LlamaTraits {
  /// Biases of queries, keys and values, and of the output where config.json does not say.
  bool qkv_bias = false;
  bool out_bias = false;
  /// Norms of each query and key head.
  bool head_norms = false;
  double theta = 10000;
};

/// Makes a decoder of Llama's plan (Touvron et al. 2023, arXiv 2302.13971): norms without mean first, rotary
/// positions, grouped heads, a feed-forward net gated by SiLU.
Transformer make_llama_kin(const ModelSource& source, const LlamaTraits& traits);

/// Llama itself: biases where config.json asks for them.
Transformer make_llama(const ModelSource& source);

}  // namespace whitney::infer
