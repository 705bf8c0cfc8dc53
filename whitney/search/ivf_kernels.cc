#include "whitney/search/ivf_kernels.h"

#include <limits>

#include "whitney/linalg/fast_scan.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/search/ivf_kernels.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void ListKeyRanges(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
                   float* least, float* greatest) {
  const hn::CappedTag<float, kFastScanLanes> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto add = hn::Set(d, of_list.add), multiply = hn::Set(d, of_list.multiply);
  const auto factor = hn::Set(d, of_list.error_factor);
  // Four roundings of numbers that are no larger than the sum of these magnitudes.
  const auto unit = hn::Set(d, 1.0F / (1 << 21)), size_of_add = hn::Abs(add);
  for (int64_t b = 0; b < num_blocks; ++b) {
    for (int64_t lane = 0; lane < kFastScanLanes; lane += n) {
      const auto term = hn::LoadU(d, terms + lane);
      const auto low = hn::Mul(multiply, hn::LoadU(d, least + lane));
      const auto high = hn::Mul(multiply, hn::LoadU(d, greatest + lane));
      const auto size = hn::Add(hn::Add(size_of_add, hn::Abs(term)), hn::Add(hn::Abs(low), hn::Abs(high)));
      auto margin = hn::Mul(unit, size);
      if (has_errors) margin = hn::MulAdd(factor, hn::LoadU(d, terms + kFastScanLanes + lane), margin);
      const auto middle = hn::Add(add, term);
      hn::StoreU(hn::Add(middle, hn::Sub(low, margin)), d, least + lane);
      hn::StoreU(hn::Add(middle, hn::Add(high, margin)), d, greatest + lane);
    }
    terms += (has_errors ? 2 : 1) * kFastScanLanes;
    least += kFastScanLanes;
    greatest += kFastScanLanes;
  }
}

void ListKeys(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
              float* least, const float* greatest) {
  const hn::CappedTag<float, kFastScanLanes> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto add = hn::Set(d, of_list.add), half = hn::Set(d, of_list.multiply / 2);
  const auto infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  for (int64_t b = 0; b < num_blocks; ++b) {
    for (int64_t lane = 0; lane < kFastScanLanes; lane += n) {
      const auto sum = hn::Add(hn::LoadU(d, least + lane), hn::LoadU(d, greatest + lane));
      const auto key = hn::MulAdd(half, sum, hn::Add(add, hn::LoadU(d, terms + lane)));
      hn::StoreU(hn::IfThenElse(hn::Eq(key, key), key, infinity), d, least + lane);
    }
    terms += (has_errors ? 2 : 1) * kFastScanLanes;
    least += kFastScanLanes;
    greatest += kFastScanLanes;
  }
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
HWY_EXPORT(ListKeyRanges);
HWY_EXPORT(ListKeys);

void list_key_ranges(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
                     float* least, float* greatest) {
  HWY_DYNAMIC_DISPATCH(ListKeyRanges)(num_blocks, terms, has_errors, of_list, least, greatest);
}

void list_keys(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
               float* least, const float* greatest) {
  HWY_DYNAMIC_DISPATCH(ListKeys)(num_blocks, terms, has_errors, of_list, least, greatest);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
