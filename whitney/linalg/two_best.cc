#include "whitney/linalg/two_best.h"

#include <cmath>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/two_best.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE TwoBest TwoBestOf(const float* HWY_RESTRICT values, int64_t cols) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  // The two greatest of each lane.
  V first = hn::LoadU(d, values), second = hn::Set(d, -HUGE_VALF);
  for (int64_t i = n; i < cols; i += n) {
    const V value = hn::LoadU(d, values + i);
    second = hn::Max(second, hn::Min(first, value));
    first = hn::Max(first, value);
  }
  const V best = hn::MaxOfLanes(d, first);
  const auto holds_best = hn::Eq(first, best);
  TwoBest result;
  result.first = result.second = hn::GetLane(best);
  // Where one lane holds the greatest, the second is that lane's or another's first.
  if (hn::CountTrue(d, holds_best) == 1)
    result.second = hn::GetLane(hn::MaxOfLanes(d, hn::IfThenElse(holds_best, second, first)));
  for (int64_t i = 0; i < cols; i += n) {
    const auto at = hn::FindFirstTrue(d, hn::Eq(hn::LoadU(d, values + i), best));
    if (at < 0) continue;
    result.place = static_cast<uint32_t>(i + at);
    break;
  }
  return result;
}

void TwoBestOfRows(const float* values, int64_t rows, int64_t cols, int64_t stride, TwoBest* out) {
  for (int64_t i = 0; i < rows; ++i) out[i] = TwoBestOf(values + i * stride, cols);
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(TwoBestOfRows);

void two_best_of_rows(const float* values, int64_t rows, int64_t cols, int64_t stride, TwoBest* out) {
  WHITNEY_CHECK(cols > 0 && cols % 16 == 0, cols, " values a row are no multiple of 16");
  HWY_DYNAMIC_DISPATCH(TwoBestOfRows)(values, rows, cols, stride, out);
}

}  // namespace whitney
#endif  // HWY_ONCE
