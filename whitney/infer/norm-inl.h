// Norms of one row, compiled once per SIMD level; for kernel sources, as linalg/vector_math-inl.h.
#if defined(WHITNEY_INFER_NORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_INFER_NORM_INL_H_
#undef WHITNEY_INFER_NORM_INL_H_
#else
#define WHITNEY_INFER_NORM_INL_H_
#endif

#include <cmath>

#include "whitney/infer/norm.h"
#include "whitney/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using namespace whitney::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): the same functions, by level

// Sums over a row: term(x, sum) adds the term of x. What is beyond the row adds nothing.
template <class Term>
HWY_INLINE float SumOfRow(const float* row, int64_t dim, const Term& term) {
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), n = static_cast<size_t>(dim);
  // Four sums, so that each addition need not wait for the one before.
  auto sum0 = hn::Zero(d), sum1 = sum0, sum2 = sum0, sum3 = sum0;
  size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    sum0 = term(hn::LoadU(d, row + i), sum0);
    sum1 = term(hn::LoadU(d, row + i + lanes), sum1);
    sum2 = term(hn::LoadU(d, row + i + 2 * lanes), sum2);
    sum3 = term(hn::LoadU(d, row + i + 3 * lanes), sum3);
  }
  for (; i + lanes <= n; i += lanes) sum0 = term(hn::LoadU(d, row + i), sum0);
  if (i < n) {
    const auto last = term(LoadTail(d, row + i, n - i), hn::Zero(d));
    sum1 = hn::Add(sum1, hn::IfThenElseZero(hn::FirstN(d, n - i), last));
  }
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3))));
}

// out = (row - mean) * scale * weight + bias.
HWY_INLINE void ScaleRow(const Norm& norm, float mean, float scale, const float* row, float* out) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const size_t lanes = hn::Lanes(d), n = static_cast<size_t>(norm.dim());
  const float* weight = norm.weight.data();
  const float* bias = norm.bias.empty() ? nullptr : norm.bias.data();
  const V center = hn::Set(d, mean), factor = hn::Set(d, scale);
  TransformValues(d, row, n, out, [&](V x, size_t i) HWY_ATTR {
    const bool whole = i + lanes <= n;
    const V w = whole ? hn::LoadU(d, weight + i) : LoadTail(d, weight + i, n - i);
    const V scaled = hn::Mul(hn::Sub(x, center), factor);
    if (bias == nullptr) return hn::Mul(scaled, w);
    return hn::MulAdd(scaled, w, whole ? hn::LoadU(d, bias + i) : LoadTail(d, bias + i, n - i));
  });
}

HWY_INLINE void NormalizeRow(const Norm& norm, const float* row, float* out) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t dim = norm.dim();
  const float n = static_cast<float>(dim);
  float mean = 0;
  if (norm.kind == NormKind::kLayer) {
    mean = SumOfRow(row, dim, [](V x, V sum) HWY_ATTR { return hn::Add(sum, x); }) / n;
  }
  const V center = hn::Set(d, mean);
  const float squares = SumOfRow(row, dim, [center](V x, V sum) HWY_ATTR {
    const V difference = hn::Sub(x, center);
    return hn::MulAdd(difference, difference, sum);
  });
  ScaleRow(norm, mean, 1.0f / std::sqrt(squares / n + norm.epsilon), row, out);
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_INFER_NORM_INL_H_
