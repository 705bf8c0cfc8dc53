// What becomes of the sums of dense products, compiled once per SIMD level; see Highway's quick reference on
// files of this form.
#if defined(WHITNEY_LINALG_EPILOGUE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_LINALG_EPILOGUE_INL_H_
#undef WHITNEY_LINALG_EPILOGUE_INL_H_
#else
#define WHITNEY_LINALG_EPILOGUE_INL_H_
#endif

#include <cstdint>

#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Function>
HWY_INLINE void TransformBlock(float* out, int64_t rows, int64_t cols, int64_t stride,
                               const Function& function) {
  const hn::ScalableTag<float> d;
  for (int64_t i = 0; i < rows; ++i) {
    TransformValues(d, out + i * stride, static_cast<size_t>(cols), out + i * stride,
                    [&](hn::Vec<decltype(d)> x, size_t) HWY_ATTR { return function(x); });
  }
}

// Replaces rows x cols values, `stride` from row to row, by the activation of each. They were written a
// moment ago, so this reads L1.
HWY_INLINE void ActivateBlock(Epilogue epilogue, float* out, int64_t rows, int64_t cols, int64_t stride) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  switch (epilogue) {
    case Epilogue::kNone:
    case Epilogue::kAdd:
      return;
    case Epilogue::kRelu:
      return TransformBlock(out, rows, cols, stride, [d](V x) HWY_ATTR { return hn::Max(x, hn::Zero(d)); });
    case Epilogue::kGelu:
      return TransformBlock(out, rows, cols, stride, [d](V x) HWY_ATTR { return Gelu(d, x); });
    case Epilogue::kGeluTanh:
      return TransformBlock(out, rows, cols, stride, [d](V x) HWY_ATTR { return GeluTanh(d, x); });
    case Epilogue::kSilu:
      return TransformBlock(out, rows, cols, stride, [d](V x) HWY_ATTR { return Silu(d, x); });
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_LINALG_EPILOGUE_INL_H_
