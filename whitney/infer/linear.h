#pragma once

#include <cstdint>
#include <utility>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/infer/model_folder.h"
#include "whitney/linalg/dense_weights.h"

namespace whitney::infer {

/// A linear layer and what follows it: activation(x W^T + b).
class Linear {
 public:
  Linear() = default;
  explicit Linear(DenseWeights weights, Activation activation = Activation::kIdentity)
      : weights_(std::move(weights)), activation_(activation) {}

  int64_t in() const { return weights_.cols(); }
  int64_t out() const { return weights_.rows(); }
  /// x: rows x in, any stride; out: rows x out(), packed, not over x. A row's result depends on the row and
  /// the SIMD level only.
  void apply(const Context& context, const MatrixView& x, float* out) const;
  /// out += x W^T + b; the layer must have no activation.
  void apply_and_add(const Context& context, const MatrixView& x, float* out) const;
  int64_t size_bytes() const { return weights_.size_bytes(); }

 private:
  DenseWeights weights_;
  Activation activation_ = Activation::kIdentity;
};

}  // namespace whitney::infer
