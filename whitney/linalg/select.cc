#include "whitney/linalg/select.h"

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/select.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Nearly always no lane passes, so the test of a whole vector decides the speed.
template <class D, class M = hn::Mask<D>>
HWY_INLINE int64_t Select(D d, M mask, int64_t at, uint32_t* positions) {
  const hn::RebindToUnsigned<D> du;
  if (HWY_LIKELY(hn::AllFalse(d, mask))) return 0;
  const auto lanes = hn::Iota(du, static_cast<uint32_t>(at));
  return static_cast<int64_t>(hn::CompressStore(lanes, hn::RebindMask(du, mask), du, positions));
}

int64_t SelectAtMost(const float* keys, int64_t n, float limit, uint32_t* positions) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto limits = hn::Set(d, limit);
  int64_t count = 0, i = 0;
  for (; i + lanes <= n; i += lanes)
    count += Select(d, hn::Le(hn::LoadU(d, keys + i), limits), i, positions + count);
  for (; i < n; ++i) {
    if (keys[i] <= limit) positions[count++] = static_cast<uint32_t>(i);
  }
  return count;
}

int64_t SelectNotBelow(const float* values, int64_t n, float limit, uint32_t* positions) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto limits = hn::Set(d, limit);
  int64_t count = 0, i = 0;
  for (; i + lanes <= n; i += lanes)
    count += Select(d, hn::Not(hn::Lt(hn::LoadU(d, values + i), limits)), i, positions + count);
  for (; i < n; ++i) {
    if (!(values[i] < limit)) positions[count++] = static_cast<uint32_t>(i);
  }
  return count;
}

int64_t SelectKeysAtMost(const float* values, int64_t n, float multiply, float add, const float* limits,
                         uint32_t* positions) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, multiply), addend = hn::Set(d, add);
  int64_t count = 0, i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto keys = hn::MulAdd(hn::LoadU(d, values + i), factor, addend);
    count += Select(d, hn::Le(keys, hn::LoadU(d, limits + i)), i, positions + count);
  }
  for (; i < n; ++i) {
    if (add + values[i] * multiply <= limits[i]) positions[count++] = static_cast<uint32_t>(i);
  }
  return count;
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(SelectAtMost);
HWY_EXPORT(SelectNotBelow);
HWY_EXPORT(SelectKeysAtMost);

int64_t select_at_most(const float* keys, int64_t n, float limit, uint32_t* positions) {
  return HWY_DYNAMIC_DISPATCH(SelectAtMost)(keys, n, limit, positions);
}

int64_t select_not_below(const float* values, int64_t n, float limit, uint32_t* positions) {
  return HWY_DYNAMIC_DISPATCH(SelectNotBelow)(values, n, limit, positions);
}

int64_t select_keys_at_most(const float* values, int64_t n, float multiply, float add, const float* limits,
                            uint32_t* positions) {
  return HWY_DYNAMIC_DISPATCH(SelectKeysAtMost)(values, n, multiply, add, limits, positions);
}

}  // namespace whitney
#endif  // HWY_ONCE
