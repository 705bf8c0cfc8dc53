// Elementary functions on vectors of float32, compiled once per SIMD level; see Highway's quick reference on
// files of this form. A kernel source includes this after "whitney/linalg/simd_targets.h" and
// <hwy/foreach_target.h>.
#if defined(WHITNEY_LINALG_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_LINALG_VECTOR_MATH_INL_H_
#undef WHITNEY_LINALG_VECTOR_MATH_INL_H_
#else
#define WHITNEY_LINALG_VECTOR_MATH_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "whitney/linalg/distance-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Stores the first `count` < Lanes(d) values, touching no byte beyond.
template <class D>
HWY_INLINE void StoreTail(hn::Vec<D> v, D d, float* to, size_t count) {
#if HWY_TARGET <= HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(d, count), d, to);
#else
  HWY_ALIGN float values[HWY_MAX_BYTES / sizeof(float)];
  hn::Store(v, d, values);
  std::memcpy(to, values, count * sizeof(float));
#endif
}

// Calls `function(vector, count)` for the values one vector at a time and stores what it gives; the last
// vector has zeros above its `count` values.
template <class D, class Function>
HWY_INLINE void TransformValues(D d, const float* from, size_t size, float* to, const Function& function) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(function(hn::LoadU(d, from + i), i), d, to + i);
  if (i < size) StoreTail(function(LoadTail(d, from + i, size - i), i), d, to + i, size - i);
}

// 2^n * value for whole n that keep the result normal: n goes straight into the exponent.
template <class D>
HWY_INLINE hn::Vec<D> ScaleByPowerOfTwo(D d, hn::Vec<D> value, hn::Vec<D> n) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Add(hn::BitCast(di, value), hn::ShiftLeft<23>(hn::ConvertTo(di, n))));
}

// Splits x, not above 0, into n ln 2 + r with |r| <= ln 2 / 2, and returns e^r - 1: e^x = 2^n (1 + that). ln
// 2 is in two parts, as n ln 2 must be exact to r's last digit.
template <class D>
HWY_INLINE hn::Vec<D> ExpOfRemainderLessOne(D d, hn::Vec<D> x, hn::Vec<D>& n) {
  n = hn::Round(hn::Mul(x, hn::Set(d, 1.44269504f)));
  auto r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  // (e^r - 1 - r) / r^2, minimax.
  auto p = hn::MulAdd(r, hn::Set(d, 0.00139012851f), hn::Set(d, 0.00836314075f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.0416668542f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.166665778f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.5f));
  return hn::MulAdd(p, hn::Mul(r, r), r);
}

// e^x for x <= 0, within 2 units in the last place; 0 below -87, where float32 nears its smallest normal
// value.
template <class D>
HWY_INLINE hn::Vec<D> ExpOfNonPositive(D d, hn::Vec<D> x) {
  hn::Vec<D> n;
  const auto p = hn::Add(ExpOfRemainderLessOne(d, x, n), hn::Set(d, 1.0f));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.0f)), ScaleByPowerOfTwo(d, p, n));
}

// 1 / (1 + e^-x), by the exponential of -|x|, which cannot overflow.
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const auto e = ExpOfNonPositive(d, hn::Neg(hn::Abs(x)));
  const auto one = hn::Set(d, 1.0f);
  const auto top = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
  return hn::Div(top, hn::Add(one, e));
}

// tanh |x| = -m / (2 + m), m = e^-2|x| - 1, which keeps its digits near 0. Beyond 20 it is 1.
template <class D>
HWY_INLINE hn::Vec<D> Tanh(D d, hn::Vec<D> x) {
  const auto least = hn::Set(d, -40.0f), one = hn::Set(d, 1.0f);
  auto twice = hn::Mul(hn::Abs(x), hn::Set(d, -2.0f));
  twice = hn::IfThenElse(hn::Lt(twice, least), least, twice);  // what is no number stays so
  hn::Vec<D> n;
  const auto rest = ExpOfRemainderLessOne(d, twice, n);
  const auto scale = ScaleByPowerOfTwo(d, one, n);
  const auto minus_m = hn::NegMulAdd(scale, rest, hn::Sub(one, scale));
  return hn::CopySign(hn::Div(minus_m, hn::Sub(hn::Set(d, 2.0f), minus_m)), x);
}

// x times the normal distribution's P(X <= x). With a = |x| the upper tail is 2^-(1 + a p(a)), where p is a
// minimax polynomial on [0, 8]; the tail at 8 is 6e-16, so a stays there. No division and one branch-free
// path: about 22 instructions a vector.
template <class D>
HWY_INLINE hn::Vec<D> Gelu(D d, hn::Vec<D> x) {
  const auto a = hn::Abs(x);
  const auto bounded = hn::Min(a, hn::Set(d, 8.0f));
  auto p = hn::MulAdd(bounded, hn::Set(d, -9.68677694e-10f), hn::Set(d, 4.38904522e-08f));
  p = hn::MulAdd(p, bounded, hn::Set(d, -8.64440949e-07f));
  p = hn::MulAdd(p, bounded, hn::Set(d, 9.61398564e-06f));
  p = hn::MulAdd(p, bounded, hn::Set(d, -6.42470695e-05f));
  p = hn::MulAdd(p, bounded, hn::Set(d, 0.000228293153f));
  p = hn::MulAdd(p, bounded, hn::Set(d, 0.000119590419f));
  p = hn::MulAdd(p, bounded, hn::Set(d, -0.0071036024f));
  p = hn::MulAdd(p, bounded, hn::Set(d, 0.052550897f));
  p = hn::MulAdd(p, bounded, hn::Set(d, 0.459185123f));
  p = hn::MulAdd(p, bounded, hn::Set(d, 1.15110803f));
  const auto exponent = hn::NegMulAdd(p, bounded, hn::Set(d, -1.0f));
  const auto n = hn::Round(exponent);
  const auto r = hn::Sub(exponent, n);
  // 2^r, minimax on [-1/2, 1/2].
  auto q = hn::MulAdd(r, hn::Set(d, 0.00133335381f), hn::Set(d, 0.00966624543f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.0555050038f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.240223512f));
  q = hn::MulAdd(q, r, hn::Set(d, 0.693147123f));
  q = hn::MulAdd(q, r, hn::Set(d, 1.0f));
  const auto tail = ScaleByPowerOfTwo(d, q, n);
  // x (1 - tail) = x - a tail above 0, x tail = -a tail below.
  return hn::NegMulAdd(a, tail, hn::ZeroIfNegative(x));
}

// The usual approximation by tanh: (1 + tanh z) / 2 is the sigmoid of 2 z.
template <class D>
HWY_INLINE hn::Vec<D> GeluTanh(D d, hn::Vec<D> x) {
  constexpr float kTwice = 1.59576912f;  // 2 sqrt(2 / pi)
  const auto cubic = hn::MulAdd(hn::Mul(x, x), hn::Set(d, kTwice * 0.044715f), hn::Set(d, kTwice));
  return hn::Mul(x, Sigmoid(d, hn::Mul(x, cubic)));
}

template <class D>
HWY_INLINE hn::Vec<D> Silu(D d, hn::Vec<D> x) {
  return hn::Mul(x, Sigmoid(d, x));
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_LINALG_VECTOR_MATH_INL_H_
