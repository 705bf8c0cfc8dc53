#include "whitney/linalg/byte_scan.h"

#include <algorithm>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/byte_scan.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

#ifndef WHITNEY_BYTE_SCAN
#define WHITNEY_BYTE_SCAN
namespace whitney {

constexpr int64_t kByteTable = 256;
// Parts whose entries sum up within 16 bits.
constexpr int64_t kSegmentParts = 256;

}  // namespace whitney
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_MAX_BYTES >= 32

// The blocks of a vector.
constexpr int64_t kBlocks = HWY_MAX_BYTES / kFastScanLanes;

#if HWY_TARGET == HWY_AVX3_DL

// Two look-ups in 128 entries each, of which the top bit of a code chooses: 8 operations for 64 codes.
template <class D, class V>
HWY_INLINE V LookUp(D /*d*/, const uint8_t* table, V codes) {
  const auto part = [&](int64_t at) HWY_ATTR { return _mm512_load_si512(table + at); };
  const __m512i low = _mm512_permutex2var_epi8(part(0), codes.raw, part(64));
  const __m512i high = _mm512_permutex2var_epi8(part(128), codes.raw, part(192));
  return V{_mm512_mask_blend_epi8(_mm512_movepi8_mask(codes.raw), low, high)};
}

#else

// 16 look-ups in 16 entries each, of which the high half of a code chooses.
template <class D, class V>
HWY_INLINE V LookUp(D d, const uint8_t* table, V codes) {
  const hn::Repartition<uint16_t, D> d16;
  const V nibble = hn::Set(d, uint8_t{15}), low = hn::And(codes, nibble);
  const V high = hn::And(hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(d16, codes))), nibble);
  V result = hn::TableLookupBytes(hn::LoadDup128(d, table), low);
  for (int64_t h = 1; h < 16; ++h) {
    const V found = hn::TableLookupBytes(hn::LoadDup128(d, table + 16 * h), low);
    result = hn::IfThenElse(hn::Eq(high, hn::Set(d, static_cast<uint8_t>(h))), found, result);
  }
  return result;
}

#endif

// The sums of up to 256 parts of kBlocks blocks; of `count` of them, where fewer are there.
HWY_INLINE void SumParts(const uint8_t* block, [[maybe_unused]] int64_t stride_bytes,
                         [[maybe_unused]] int64_t count, const uint8_t* entries, int64_t num_parts,
                         uint16_t* sums) {
  const hn::ScalableTag<uint8_t> d;
  const hn::Repartition<uint16_t, decltype(d)> d16;
  const hn::CappedTag<uint8_t, kFastScanLanes> dh;
  auto all = hn::Zero(d16), odd = all;  // words of two lanes, and the second of them
  for (int64_t p = 0; p < num_parts; ++p) {
    const uint8_t* at = block + p * kFastScanLanes;
#if HWY_MAX_BYTES == 64
    const auto second = count == 2 ? hn::LoadU(dh, at + stride_bytes) : hn::Zero(dh);
    const auto codes = hn::Combine(d, second, hn::LoadU(dh, at));
#else
    const auto codes = hn::LoadU(dh, at);
#endif
    const auto found = hn::BitCast(d16, LookUp(d, entries + p * kByteTable, codes));
    all = hn::Add(all, found);
    odd = hn::Add(odd, hn::ShiftRight<8>(found));
  }
  hn::StoreInterleaved2(hn::Sub(all, hn::ShiftLeft<8>(odd)), odd, d16, sums);
}

#else

// Without wide vectors a look-up by bytes is no faster than one of a number at a time.
constexpr int64_t kBlocks = 1;

HWY_INLINE void SumParts(const uint8_t* block, int64_t /*stride_bytes*/, int64_t /*count*/,
                         const uint8_t* entries, int64_t num_parts, uint16_t* sums) {
  std::fill_n(sums, kFastScanLanes, uint16_t{0});
  for (int64_t p = 0; p < num_parts; ++p, block += kFastScanLanes, entries += kByteTable) {
    for (int64_t lane = 0; lane < kFastScanLanes; ++lane)
      sums[lane] = static_cast<uint16_t>(sums[lane] + entries[block[lane]]);
  }
}

#endif

void ByteScanRanges(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                    const FastScanTables& tables, float margin, float* least, float* greatest) {
  const hn::CappedTag<float, kFastScanLanes> d;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  const hn::RebindToSigned<decltype(d)> di;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto step = hn::Set(d, tables.step), base = hn::Set(d, tables.base);
  const auto error = hn::Set(d, tables.error + margin);
  for (int64_t b = 0; b < num_blocks; b += kBlocks) {
    const int64_t count = std::min(kBlocks, num_blocks - b), lanes = count * kFastScanLanes;
    HWY_ALIGN int32_t totals[kBlocks * kFastScanLanes] = {};
    for (int64_t first = 0; first < tables.num_parts; first += kSegmentParts) {
      HWY_ALIGN uint16_t sums[kBlocks * kFastScanLanes];
      SumParts(blocks + b * stride_bytes + first * kFastScanLanes, stride_bytes, count,
               tables.entries.data() + first * kByteTable, std::min(kSegmentParts, tables.num_parts - first),
               sums);
      for (int64_t i = 0; i < lanes; i += n)
        hn::Store(hn::Add(hn::Load(di, totals + i), hn::PromoteTo(di, hn::Load(d16, sums + i))), di,
                  totals + i);
    }
    float *low = least + b * kFastScanLanes, *high = greatest + b * kFastScanLanes;
    for (int64_t i = 0; i < lanes; i += n) {
      const auto middle = hn::MulAdd(step, hn::ConvertTo(d, hn::Load(di, totals + i)), base);
      hn::StoreU(hn::Sub(middle, error), d, low + i);
      hn::StoreU(hn::Add(middle, error), d, high + i);
    }
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(ByteScanRanges);

void byte_scan_ranges(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                      const FastScanTables& tables, float margin, float* least, float* greatest) {
  HWY_DYNAMIC_DISPATCH(ByteScanRanges)
  (blocks, stride_bytes, num_blocks, tables, margin, least, greatest);
}

}  // namespace whitney
#endif  // HWY_ONCE
