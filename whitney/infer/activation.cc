#include "whitney/infer/activation.h"

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/infer/activation.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include "whitney/infer/softmax-inl.h"
#include "whitney/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {

// Calls `body` with the activation as a function of a vector.
template <class Body>
HWY_INLINE void WithActivation(Activation activation, const Body& body) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  switch (activation) {
    case Activation::kIdentity:
      return body([](V x) HWY_ATTR { return x; });
    case Activation::kTanh:
      return body([d](V x) HWY_ATTR { return Tanh(d, x); });
    case Activation::kRelu:
      return body([d](V x) HWY_ATTR { return hn::Max(x, hn::Zero(d)); });
    case Activation::kGelu:
      return body([d](V x) HWY_ATTR { return Gelu(d, x); });
    case Activation::kGeluTanh:
      return body([d](V x) HWY_ATTR { return GeluTanh(d, x); });
    case Activation::kSilu:
      return body([d](V x) HWY_ATTR { return Silu(d, x); });
    case Activation::kSigmoid:
      return body([d](V x) HWY_ATTR { return Sigmoid(d, x); });
  }
}

void Activate(Activation activation, float* values, int64_t size) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  WithActivation(activation, [&](const auto& function) HWY_ATTR {
    TransformValues(d, values, static_cast<size_t>(size), values,
                    [&](V x, size_t) HWY_ATTR { return function(x); });
  });
}

void ActivateGate(Activation activation, const float* gate, const float* up, int64_t size, float* out) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d), n = static_cast<size_t>(size);
  WithActivation(activation, [&](const auto& function) HWY_ATTR {
    TransformValues(d, gate, n, out, [&](V x, size_t i) HWY_ATTR {
      const V factor = i + lanes <= n ? hn::LoadU(d, up + i) : LoadTail(d, up + i, n - i);
      return hn::Mul(function(x), factor);
    });
  });
}

void Softmax(float* scores, int64_t size) {
  const float sum = ExpOfScores(scores, size);
  for (int64_t i = 0; i < size; ++i) scores[i] /= sum;
}

void ExpAll(float* values, int64_t size) {
  const hn::ScalableTag<float> d;
  TransformValues(d, values, static_cast<size_t>(size), values,
                  [d](hn::Vec<decltype(d)> x, size_t) HWY_ATTR { return ExpOfNonPositive(d, x); });
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::infer {
HWY_EXPORT(Activate);
HWY_EXPORT(ActivateGate);
HWY_EXPORT(Softmax);
HWY_EXPORT(ExpAll);

void activate(Activation activation, float* values, int64_t size) {
  if (activation == Activation::kIdentity) return;
  HWY_DYNAMIC_DISPATCH(Activate)(activation, values, size);
}

void activate_gate(Activation activation, const float* gate, const float* up, int64_t size, float* out) {
  HWY_DYNAMIC_DISPATCH(ActivateGate)(activation, gate, up, size, out);
}

void softmax(float* scores, int64_t size) { HWY_DYNAMIC_DISPATCH(Softmax)(scores, size); }

void exp_of_non_positive(float* values, int64_t size) { HWY_DYNAMIC_DISPATCH(ExpAll)(values, size); }

}  // namespace whitney::infer
#endif  // HWY_ONCE
