#pragma once

#include <cstdint>

#include "whitney/core/matrix.h"

namespace whitney::infer {

/// T5's and MPNet's learnt bias of a head by the distance of key and query: near distances have a bucket
/// each, far ones share buckets that grow with the logarithm (Raffel et al. 2020, arXiv 1910.10683).
struct RelativeBias {
  /// buckets x heads.
  Matrix table;
  int64_t max_distance = 128;

  int64_t num_heads() const { return table.cols(); }
  /// The bucket of key position minus query position.
  int64_t bucket(int64_t distance) const;
  /// Writes the biases of distances 1 - length .. length - 1 of each head: heads x (2 length - 1).
  void expand(int64_t length, float* out) const;
};

}  // namespace whitney::infer
