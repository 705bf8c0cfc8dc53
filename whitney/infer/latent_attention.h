#pragma once

#include <cstdint>
#include <string>

#include "whitney/infer/architecture.h"
#include "whitney/infer/linear.h"
#include "whitney/infer/norm.h"

namespace whitney::infer {

/// Shape of a latent attention, and the beginning of its tensors' names.
struct LatentAttentionShape {
  std::string name;
  int64_t width = 0;
  int64_t num_latents = 0;
  int64_t num_heads = 1;
  int64_t head_dim = 1;
};

/// The latent attention of NV-Embed (Lee et al. 2024, arXiv 2405.17428): each token's state, as a query,
/// looks at trained latents Z, which are keys and values, and goes through a feed-forward net gated by GELU:
///   H' = softmax(LN_q(H) W_q (LN_c(Z) W_k)^T / sqrt(head_dim)) LN_c(Z) W_v W_o + H,  H'' = FF(LN(H')) + H'.
/// Pooling follows. Z never changes, so that keys are multiplied into W_q, and values into W_o, when it is
/// read: two products of num_heads * num_latents columns are left, of any head_dim.
class LatentAttention {
 public:
  /// Throws Error that names the tensor where one is missing or of the wrong size.
  LatentAttention(const ModelSource& source, const LatentAttentionShape& shape);

  /// Replaces rows x width packed states. `normed` and `inside` are memory of rows x width and rows x
  /// inside() values. A row's result depends on the row and the SIMD level only. O(rows * num_heads *
  /// num_latents * width) time.
  void apply(const Context& context, int64_t rows, float* states, float* normed, float* inside) const;

  /// Values of a row at its widest.
  int64_t inside() const;
  int64_t size_bytes() const;
  /// Floating-point operations a row.
  double flops() const;

 private:
  int64_t num_latents_, num_heads_;
  Norm query_norm_, feed_norm_;
  Linear scores_;  // of each head's latents
  Linear values_;  // of each head's latents, by what they weigh, to width
  Linear up_;      // what is let through, and then its gate
  Linear down_;
};

}  // namespace whitney::infer
