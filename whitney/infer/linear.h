#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <variant>

#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/infer/model_folder.h"
#include "whitney/linalg/dense_weights.h"
#include "whitney/linalg/int8_weights.h"

namespace whitney::infer {

/// How the weights of linear layers are kept. kInt8: 8 bits a weight, inputs in 8 bits as they come; a
/// quarter of the memory, and about three times as fast on processors with VNNI.
enum class Precision : uint8_t { kFloat32, kInt8 };
inline constexpr auto enum_names(Precision) { return std::array{"float32", "int8"}; }

/// A linear layer and what follows it: activation(x W^T + b).
class Linear {
 public:
  Linear() = default;
  explicit Linear(DenseWeights weights, Activation activation = Activation::kIdentity)
      : weights_(std::move(weights)), activation_(activation) {}
  explicit Linear(Int8Weights weights, Activation activation = Activation::kIdentity)
      : weights_(std::move(weights)), activation_(activation) {}

  int64_t in() const {
    return std::visit([](const auto& weights) { return weights.cols(); }, weights_);
  }
  int64_t out() const {
    return std::visit([](const auto& weights) { return weights.rows(); }, weights_);
  }
  /// x: rows x in, any stride; out: rows x out(), packed, not over x. A row's result depends on the row and
  /// the SIMD level only. next: the layer that is applied next, whose weights are asked for ahead; may be
  /// null.
  void apply(const Context& context, const MatrixView& x, float* out, const Linear* next = nullptr) const;
  /// out += x W^T + b; the layer must have no activation.
  void apply_and_add(const Context& context, const MatrixView& x, float* out,
                     const Linear* next = nullptr) const;
  int64_t size_bytes() const {
    return std::visit([](const auto& weights) { return weights.size_bytes(); }, weights_);
  }

 private:
  void multiply(const Context& context, const MatrixView& x, float* out, Epilogue epilogue,
                const Linear* next) const;

  std::variant<DenseWeights, Int8Weights> weights_;
  Activation activation_ = Activation::kIdentity;
};

}  // namespace whitney::infer
