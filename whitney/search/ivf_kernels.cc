#include "whitney/search/ivf_kernels.h"

#include <bit>
#include <cstring>
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

// Most vectors of lanes hold nothing: they are compared where they are computed, and nothing is stored.
int64_t SelectListKeys(int64_t num_blocks, const uint32_t* sums, const float* terms,
                       const ListKeyTerms& of_list, float margin, float limit, codec::FoundKey* found) {
  const hn::CappedTag<float, kFastScanLanes> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto add = hn::Set(d, of_list.add), multiply = hn::Set(d, of_list.multiply);
  // Four roundings of numbers that are no larger than the sum of these magnitudes.
  const auto unit = hn::Set(d, 1.0F / (1 << 21)), size_of_add = hn::Abs(add),
             least_margin = hn::Set(d, margin);
  const auto most = hn::Set(d, limit), infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  int64_t num_found = 0;
  for (int64_t b = 0; b < num_blocks; ++b, terms += kFastScanLanes, sums += kFastScanLanes) {
    for (int64_t lane = 0; lane < kFastScanLanes; lane += n) {
      const auto term = hn::LoadU(d, terms + lane);
      const auto sum = hn::ConvertTo(d, hn::LoadU(di, reinterpret_cast<const int32_t*>(sums + lane)));
      const auto score = hn::Mul(multiply, sum);
      const auto size = hn::Add(size_of_add, hn::Add(hn::Abs(term), hn::Abs(score)));
      const auto wide = hn::MulAdd(unit, size, least_margin);
      const auto key = hn::Add(hn::Add(add, term), score);
      const auto low = hn::Sub(key, wide);
      const auto least = hn::IfThenElse(hn::Eq(low, low), low, infinity);
      const auto is_within = hn::Le(least, most);
      if (hn::AllFalse(d, is_within)) continue;
      HWY_ALIGN float lows[kFastScanLanes], highs[kFastScanLanes];
      hn::Store(least, d, lows);
      hn::Store(hn::Add(key, wide), d, highs);
      uint8_t bits[8] = {};
      hn::StoreMaskBits(d, is_within, bits);
      uint32_t lanes;
      std::memcpy(&lanes, bits, sizeof(lanes));
      for (; lanes != 0; lanes &= lanes - 1) {
        const auto i = static_cast<uint32_t>(std::countr_zero(lanes));
        const float high = highs[i] == highs[i] ? highs[i] : std::numeric_limits<float>::infinity();
        found[num_found++] = {static_cast<uint32_t>(b * kFastScanLanes + lane) + i, lows[i], high};
      }
    }
  }
  return num_found;
}

int64_t CountAbove(const int32_t* numbers, size_t size, int32_t limit) {
  int64_t count = 0;
  size_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<int32_t> d;
  const auto most = hn::Set(d, limit);
  for (; i + hn::Lanes(d) <= size; i += hn::Lanes(d))
    count += static_cast<int64_t>(hn::CountTrue(d, hn::Gt(hn::LoadU(d, numbers + i), most)));
#endif
  for (; i < size; ++i) count += numbers[i] > limit ? 1 : 0;
  return count;
}

int32_t KthLeast(const int32_t* numbers, size_t size, int64_t k) {
  int64_t low = numbers[0], high = numbers[0];
  for (size_t i = 1; i < size; ++i) {
    low = HWY_MIN(low, numbers[i]);
    high = HWY_MAX(high, numbers[i]);
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const int64_t count =
        static_cast<int64_t>(size) - CountAbove(numbers, size, static_cast<int32_t>(middle));
    if (count >= k)
      high = middle;
    else
      low = middle + 1;
  }
  return static_cast<int32_t>(low);
}

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::search {
HWY_EXPORT(ListKeyRanges);
HWY_EXPORT(ListKeys);
HWY_EXPORT(SelectListKeys);
HWY_EXPORT(KthLeast);

void list_key_ranges(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
                     float* least, float* greatest) {
  HWY_DYNAMIC_DISPATCH(ListKeyRanges)(num_blocks, terms, has_errors, of_list, least, greatest);
}

void list_keys(int64_t num_blocks, const float* terms, bool has_errors, const ListKeyTerms& of_list,
               float* least, const float* greatest) {
  HWY_DYNAMIC_DISPATCH(ListKeys)(num_blocks, terms, has_errors, of_list, least, greatest);
}

int64_t select_list_keys(int64_t num_blocks, const uint32_t* sums, const float* terms,
                         const ListKeyTerms& of_list, float margin, float limit, codec::FoundKey* found) {
  return HWY_DYNAMIC_DISPATCH(SelectListKeys)(num_blocks, sums, terms, of_list, margin, limit, found);
}

int32_t kth_least(std::span<const int32_t> numbers, int64_t k) {
  return HWY_DYNAMIC_DISPATCH(KthLeast)(numbers.data(), numbers.size(), k);
}

}  // namespace whitney::search
#endif  // HWY_ONCE
