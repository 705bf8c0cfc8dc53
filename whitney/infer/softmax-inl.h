// The softmax of a row of scores, compiled once per SIMD level; for kernel sources, as
// linalg/vector_math-inl.h.
#if defined(WHITNEY_INFER_SOFTMAX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_INFER_SOFTMAX_INL_H_
#undef WHITNEY_INFER_SOFTMAX_INL_H_
#else
#define WHITNEY_INFER_SOFTMAX_INL_H_
#endif

#include "whitney/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using namespace whitney::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): the same functions, by level

// The largest of size >= 1 values.
HWY_INLINE float LargestOf(const float* values, int64_t size) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (size < lanes) {
    float largest = values[0];
    for (int64_t i = 1; i < size; ++i) largest = HWY_MAX(largest, values[i]);
    return largest;
  }
  auto largest = hn::LoadU(d, values);
  for (int64_t i = lanes; i + lanes <= size; i += lanes) largest = hn::Max(largest, hn::LoadU(d, values + i));
  // The last vector may overlap: a maximum does not mind.
  largest = hn::Max(largest, hn::LoadU(d, values + size - lanes));
  return hn::GetLane(hn::MaxOfLanes(d, largest));
}

// Replaces scores by e^(score - largest) and gives their sum; 0 when there are none.
HWY_INLINE float ExpOfScores(float* scores, int64_t size) {
  if (size == 0) return 0;
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto largest = hn::Set(d, LargestOf(scores, size));
  auto sum = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    const auto e = ExpOfNonPositive(d, hn::Sub(hn::LoadU(d, scores + i), largest));
    hn::StoreU(e, d, scores + i);
    sum = hn::Add(sum, e);
  }
  if (i < size) {
    const size_t count = static_cast<size_t>(size - i);
    const auto e = ExpOfNonPositive(d, hn::Sub(LoadTail(d, scores + i, count), largest));
    StoreTail(e, d, scores + i, count);
    sum = hn::Add(sum, hn::IfThenElseZero(hn::FirstN(d, count), e));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_INFER_SOFTMAX_INL_H_
