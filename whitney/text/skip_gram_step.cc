#include "whitney/text/skip_gram_step.h"

#include <algorithm>
#include <utility>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/text/skip_gram_step.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/cache_control.h>

#include "whitney/linalg/vector_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using text::kStepTargets;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

#if HWY_TARGET <= HWY_AVX2
// One vector of the sums of neighbouring lanes, those of a before those of b.
HWY_INLINE V AddNeighbours(V a, V b) {
  const D d;
  return hn::Add(hn::ConcatEven(d, b, a), hn::ConcatOdd(d, b, a));
}
#endif

// Sums the lanes of eight vectors into eight floats: two vectors become one, three times (and once more at 16
// lanes), which takes 24 instructions instead of the 56 of eight sums one by one.
HWY_INLINE void SumEight(const V* sums, float* out) {
  const D d;
#if HWY_TARGET <= HWY_AVX2
  const V left = AddNeighbours(AddNeighbours(sums[0], sums[1]), AddNeighbours(sums[2], sums[3]));
  const V right = AddNeighbours(AddNeighbours(sums[4], sums[5]), AddNeighbours(sums[6], sums[7]));
  const V all = AddNeighbours(left, right);
#if HWY_TARGET <= HWY_AVX3
  const hn::Half<D> half;
  hn::Store(hn::LowerHalf(half, AddNeighbours(all, all)), half, out);
#else
  hn::Store(all, d, out);
#endif
#else
  for (int64_t t = 0; t < kStepTargets; ++t) out[t] = hn::GetLane(hn::SumOfLanes(d, sums[t]));
#endif
}

// g_t = rate (label_t - sigma(product_t)), in place.
HWY_INLINE void Errors(const float* labels, float rate, float* products) {
  const hn::CappedTag<float, kStepTargets> d;
  for (size_t t = 0; t < kStepTargets; t += hn::Lanes(d)) {
    const auto error = hn::Sub(hn::Load(d, labels + t), Sigmoid(d, hn::Load(d, products + t)));
    hn::Store(hn::Mul(error, hn::Set(d, rate)), d, products + t);
  }
}

// One step of kCount targets. Each row of y is read twice, of which the second time hits L1, and written
// once.
template <int64_t kCount>
HWY_INLINE void Step(float* HWY_RESTRICT x, float* const* rows, const float* labels, float rate,
                     int64_t width) {
  const D d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  V sums[kStepTargets];
#pragma GCC unroll 8
  for (int64_t t = 0; t < kStepTargets; ++t) sums[t] = hn::Zero(d);
  for (int64_t i = 0; i < width; i += lanes) {
    const V xi = hn::Load(d, x + i);
#pragma GCC unroll 8
    for (int64_t t = 0; t < kCount; ++t) sums[t] = hn::MulAdd(xi, hn::Load(d, rows[t] + i), sums[t]);
  }
  HWY_ALIGN float factors[kStepTargets];
  HWY_ALIGN float wanted[kStepTargets];
  for (int64_t t = 0; t < kStepTargets; ++t) wanted[t] = t < kCount ? labels[t] : 0.0F;
  SumEight(sums, factors);
  Errors(wanted, rate, factors);
  V by[kCount];
#pragma GCC unroll 8
  for (int64_t t = 0; t < kCount; ++t) by[t] = hn::Set(d, factors[t]);
  for (int64_t i = 0; i < width; i += lanes) {
    const V xi = hn::Load(d, x + i);
    V move = xi;
#pragma GCC unroll 8
    for (int64_t t = 0; t < kCount; ++t) {
      const V y = hn::Load(d, rows[t] + i);
      move = hn::MulAdd(by[t], y, move);
      hn::Store(hn::MulAdd(by[t], xi, y), d, rows[t] + i);
    }
    hn::Store(move, d, x + i);
  }
}

HWY_INLINE void AskFor(const float* row, int64_t width) {
  for (int64_t i = 0; i < width; i += 16) hwy::Prefetch(row + i);
}

void StepRun(const text::SkipGramTables& tables, const text::SkipGramRun& run, const uint32_t* targets,
             int64_t num_targets, const float* labels, float rate) {
  const int64_t width = tables.stride;
  float* x = tables.inputs + static_cast<int64_t>(run.input) * width;
  float* rows[kStepTargets];
  for (int64_t at = run.begin; at < run.end; at += kStepTargets) {
    const int64_t count = std::min<int64_t>(kStepTargets, run.end - at);
    for (int64_t t = 0; t < count; ++t) rows[t] = tables.outputs + int64_t{targets[at + t]} * width;
    if (tables.prefetch) {
      for (int64_t t = at + count; t < std::min(at + count + kStepTargets, num_targets); ++t)
        AskFor(tables.outputs + int64_t{targets[t]} * width, width);
    }
    const float* wanted = labels + at;
    switch (count) {
      case 8:
        Step<8>(x, rows, wanted, rate, width);
        break;
      case 7:
        Step<7>(x, rows, wanted, rate, width);
        break;
      case 6:
        Step<6>(x, rows, wanted, rate, width);
        break;
      case 5:
        Step<5>(x, rows, wanted, rate, width);
        break;
      case 4:
        Step<4>(x, rows, wanted, rate, width);
        break;
      case 3:
        Step<3>(x, rows, wanted, rate, width);
        break;
      case 2:
        Step<2>(x, rows, wanted, rate, width);
        break;
      default:
        Step<1>(x, rows, wanted, rate, width);
        break;
    }
  }
}

void SkipGramSteps(const text::SkipGramTables& tables, std::span<const text::SkipGramRun> runs,
                   std::span<const uint32_t> targets, std::span<const float> labels, float rate) {
  for (size_t r = 0; r < runs.size(); ++r) {
    if (tables.prefetch && r + 1 < runs.size())
      AskFor(tables.inputs + static_cast<int64_t>(runs[r + 1].input) * tables.stride, tables.stride);
    StepRun(tables, runs[r], targets.data(), std::ssize(targets), labels.data(), rate);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::text {
HWY_EXPORT(SkipGramSteps);

void skip_gram_steps(const SkipGramTables& tables, std::span<const SkipGramRun> runs,
                     std::span<const uint32_t> targets, std::span<const float> labels, float rate) {
  HWY_DYNAMIC_DISPATCH(SkipGramSteps)(tables, runs, targets, labels, rate);
}

}  // namespace whitney::text
#endif  // HWY_ONCE
