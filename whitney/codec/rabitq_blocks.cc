#include "whitney/codec/rabitq_blocks.h"

#include <algorithm>
#include <limits>

#include "whitney/linalg/fast_scan.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/codec/rabitq_blocks.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::codec::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A lane's fields, as numbers.
template <class V, class M>
struct Heads {
  V norm, cosine, centre_dot, centre_key, centre_root;
  M is_zero;
};

template <class D, class V = hn::Vec<D>, class M = hn::Mask<D>>
HWY_INLINE Heads<V, M> LoadHeads(D d, const uint8_t* block, int64_t lane, const RabitqBlockTerms& terms) {
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint8_t, D> d8;
  const hn::Rebind<hwy::float16_t, D> d16;
  const auto halves = [&](int64_t offset) HWY_ATTR {
    const auto* at = reinterpret_cast<const hwy::float16_t*>(block + offset * kFastScanLanes + 2 * lane);
    return hn::PromoteTo(d, hn::LoadU(d16, at));
  };
  const V norm = hn::LoadU(d, reinterpret_cast<const float*>(block + kFastScanLanes + 4 * lane));
  // A centroid that is not there (in a damaged file) becomes the last.
  const auto last = hn::Set(di, static_cast<int32_t>(terms.num_centroids - 1));
  const auto centroid = hn::Min(hn::PromoteTo(di, hn::LoadU(d8, block + lane)), last);
  const V root =
      terms.centre_roots == nullptr ? hn::Zero(d) : hn::GatherIndex(d, terms.centre_roots, centroid);
  return {hn::Abs(norm), hn::Max(halves(5), hn::Set(d, kLeastCosine)),
          halves(7),     hn::GatherIndex(d, terms.centre_keys, centroid),
          root,          hn::MaskFromVec(hn::BitCast(d, hn::BroadcastSignBit(hn::BitCast(di, norm))))};
}

// About 40 operations of vectors for 32 codes, less than their look-ups from 96 dimensions on. What the
// arithmetic rounds here and in scores is far below 2^-20 of the terms.
template <class D>
HWY_INLINE void LaneRanges(D d, const uint8_t* block, int64_t lane, const uint32_t* sums,
                           const RabitqBlockTerms& terms, float* least, float* greatest) {
  using V = hn::Vec<D>;
  const hn::RebindToSigned<D> di;
  const auto heads = LoadHeads(d, block, lane, terms);
  const V one = hn::Set(d, 1.0F), unit = hn::Set(d, 1.0F / (1 << 20));
  const V inverse = hn::Div(one, heads.cosine), length = hn::Mul(heads.norm, inverse);
  const auto whole = hn::LoadU(di, reinterpret_cast<const int32_t*>(sums + lane));
  const V sum = hn::MulAdd(hn::Set(d, terms.step), hn::ConvertTo(d, whole), hn::Set(d, terms.base));
  const V square = hn::Mul(hn::Mul(hn::Set(d, terms.square), heads.norm), heads.norm);
  const V along = hn::Set(d, terms.along), centre = hn::Mul(hn::Set(d, terms.centre), heads.centre_dot);
  const V zero = hn::IfThenElseZero(heads.is_zero, hn::Set(d, terms.zero));
  const V key = hn::Sub(hn::Add(hn::Add(square, zero), heads.centre_key),
                        hn::Mul(length, hn::Sub(hn::Mul(along, sum), centre)));
  const V span = hn::MulAdd(along, hn::Set(d, terms.sum_size), hn::Abs(centre));
  const V size = hn::MulAdd(length, span, hn::Add(square, hn::Abs(heads.centre_key)));
  V margin = hn::MulAdd(hn::Mul(length, along), hn::Set(d, terms.sum_error),
                        hn::Mul(unit, hn::Add(size, hn::Set(d, 4 * terms.zero))));
  if (terms.centre_roots != nullptr) {
    // sqrt(x) = x / sqrt(x), whose approximate reciprocal errs by less than 2^-11.
    const V spread = hn::Max(hn::Sub(hn::Mul(inverse, inverse), one), hn::Zero(d));
    const V safe = hn::Add(spread, hn::Mul(unit, hn::Mul(inverse, inverse)));
    const V root = hn::Mul(safe, hn::ApproximateReciprocalSqrt(safe));
    const V factor = hn::Mul(hn::Set(d, terms.bound * (1 + 1.0F / 1024)), heads.centre_root);
    margin = hn::MulAdd(hn::Mul(heads.norm, factor), root, margin);
  }
  const V low = hn::Sub(key, margin), high = hn::Add(key, margin);
  const V infinity = hn::Set(d, std::numeric_limits<float>::infinity());
  const auto is_number = hn::Le(low, high);
  hn::StoreU(hn::IfThenElse(is_number, low, hn::Neg(infinity)), d, least + lane);
  hn::StoreU(hn::IfThenElse(is_number, high, infinity), d, greatest + lane);
}

void KeyRanges(const uint8_t* blocks, int64_t block_bytes, int64_t num_blocks, const uint32_t* sums,
               const RabitqBlockTerms& terms, float* least, float* greatest) {
  const hn::CappedTag<float, kFastScanLanes> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t b = 0; b < num_blocks; ++b) {
    const int64_t first = b * kFastScanLanes;
    for (int64_t lane = 0; lane < kFastScanLanes; lane += n) {
      LaneRanges(d, blocks + b * block_bytes, lane, sums + first, terms, least + first, greatest + first);
    }
  }
}

}  // namespace whitney::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::codec {
HWY_EXPORT(KeyRanges);

void rabitq_key_ranges(const uint8_t* blocks, int64_t block_bytes, int64_t num_blocks, const uint32_t* sums,
                       const RabitqBlockTerms& terms, float* least, float* greatest) {
  HWY_DYNAMIC_DISPATCH(KeyRanges)(blocks, block_bytes, num_blocks, sums, terms, least, greatest);
}

}  // namespace whitney::codec
#endif  // HWY_ONCE
