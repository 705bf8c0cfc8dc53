#include "whitney/linalg/adam.h"

#include <cmath>

#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/adam.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void StepAt(D d, const AdamStep& step, int64_t i, const float* gradient, float* values,
                       float* first_moment, float* second_moment) {
  const auto g = hn::LoadU(d, gradient + i);
  const auto m =
      hn::MulAdd(hn::Set(d, step.beta1), hn::LoadU(d, first_moment + i), hn::Mul(hn::Set(d, step.gain1), g));
  const auto v = hn::MulAdd(hn::Set(d, step.beta2), hn::LoadU(d, second_moment + i),
                            hn::Mul(hn::Set(d, step.gain2), hn::Mul(g, g)));
  hn::StoreU(m, d, first_moment + i);
  hn::StoreU(v, d, second_moment + i);
  const auto denominator = hn::MulAdd(hn::Sqrt(v), hn::Set(d, 1 / step.root), hn::Set(d, step.epsilon));
  const auto moved = hn::Div(hn::Mul(hn::Set(d, step.step_size), m), denominator);
  const auto kept = hn::Mul(hn::Set(d, step.decay), hn::LoadU(d, values + i));
  hn::StoreU(hn::Sub(kept, moved), d, values + i);
}

void ApplyAdam(const AdamStep& step, int64_t n, const float* gradient, float* values, float* first_moment,
               float* second_moment) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) StepAt(d, step, i, gradient, values, first_moment, second_moment);
  for (; i < n; ++i)
    StepAt(hn::CappedTag<float, 1>(), step, i, gradient, values, first_moment, second_moment);
}

void ApplyAdamToRows(const AdamStep& step, std::span<const uint32_t> rows, int64_t dim, const float* gradient,
                     float* values, float* first_moment, float* second_moment) {
  // Rows lie anywhere in tables beyond the caches: some are asked for ahead.
  constexpr size_t kAhead = 16;
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t next = rows[HWY_MIN(i + kAhead, rows.size() - 1)] * dim;
    for (int64_t c = 0; c < dim; c += 16) {
      __builtin_prefetch(values + next + c, 1);
      __builtin_prefetch(first_moment + next + c, 1);
      __builtin_prefetch(second_moment + next + c, 1);
    }
    const int64_t at = rows[i] * dim;
    ApplyAdam(step, dim, gradient + static_cast<int64_t>(i) * dim, values + at, first_moment + at,
              second_moment + at);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(ApplyAdam);
HWY_EXPORT(ApplyAdamToRows);

AdamStep adam_step(double learning_rate, double beta1, double beta2, double epsilon, double weight_decay,
                   int64_t t) {
  const auto power = static_cast<double>(t);
  AdamStep step;
  step.beta1 = static_cast<float>(beta1);
  step.beta2 = static_cast<float>(beta2);
  step.gain1 = static_cast<float>(1 - beta1);
  step.gain2 = static_cast<float>(1 - beta2);
  step.epsilon = static_cast<float>(epsilon);
  step.decay = static_cast<float>(1 - learning_rate * weight_decay);
  step.step_size = static_cast<float>(learning_rate / (1 - std::pow(beta1, power)));
  step.root = static_cast<float>(std::sqrt(1 - std::pow(beta2, power)));
  return step;
}

void apply_adam(const AdamStep& step, int64_t n, const float* gradient, float* values, float* first_moment,
                float* second_moment) {
  HWY_DYNAMIC_DISPATCH(ApplyAdam)(step, n, gradient, values, first_moment, second_moment);
}

void apply_adam_to_rows(const AdamStep& step, std::span<const uint32_t> rows, int64_t dim,
                        const float* gradient, float* values, float* first_moment, float* second_moment) {
  HWY_DYNAMIC_DISPATCH(ApplyAdamToRows)(step, rows, dim, gradient, values, first_moment, second_moment);
}

}  // namespace whitney
#endif  // HWY_ONCE
