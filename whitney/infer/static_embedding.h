#pragma once

#include <cstdint>
#include <span>

#include "whitney/infer/weights.h"

namespace whitney::infer {

/// A model without layers: a text's vector is the mean of its tokens' rows (Model2Vec and its kin).
class StaticEmbedding {
 public:
  /// Reads `embedding.weight`. Throws Error when it is missing or no matrix.
  explicit StaticEmbedding(const Weights& weights);

  int64_t vocabulary_size() const { return table_.rows(); }
  int64_t dim() const { return table_.cols(); }
  /// Writes dim() values; zeros for no tokens. Throws Error for an id beyond the vocabulary.
  void encode(std::span<const int32_t> ids, float* out) const;

 private:
  WeightTensor table_;
};

}  // namespace whitney::infer
