#include "whitney/linalg/int8_tile.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/int8_tile.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/cache_control.h>

#include "whitney/linalg/epilogue-inl.h"
#include "whitney/linalg/vnni_target-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register block is kMostRows rows of a by kMostVectors vectors of rows of weights, one 32-bit lane each.
// With VNNI, 27 sums, three vectors of weights and one of a fill the registers; below, weights and rows take
// two registers a vector, for the bytes at even and at odd places.
constexpr bool kHasVnni = HWY_TARGET == HWY_AVX3_DL;
constexpr int64_t kMostRows = kHasVnni ? 9 : HWY_TARGET <= HWY_AVX3 ? 8 : 4;
constexpr int64_t kMostVectors = kHasVnni ? 3 : 2;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
using DI = hn::RebindToSigned<D>;
using VI = hn::Vec<DI>;

// Four terms of one row of a, for every lane, and four of one row of weights a lane; then their products
// added to sums. All are exact: 255 * 127 * 65,536 is below 2^31.
#if HWY_TARGET == HWY_AVX3_DL
using Terms = __m512i;
HWY_INLINE Terms LoadWeights(const int8_t* codes) { return _mm512_loadu_si512(codes); }
HWY_INLINE Terms LoadRow(const uint8_t* codes) {
  int32_t four;
  std::memcpy(&four, codes, sizeof(four));
  return _mm512_set1_epi32(four);
}
HWY_INLINE VI AddTerms(Terms a, Terms weights, VI sum) {
  return VI{_mm512_dpbusd_epi32(sum.raw, a, weights)};
}
#elif HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
// Lanes one after the other.
struct Terms {
  const void* codes;
};
HWY_INLINE Terms LoadWeights(const int8_t* codes) { return {codes}; }
HWY_INLINE Terms LoadRow(const uint8_t* codes) { return {codes}; }
HWY_INLINE VI AddTerms(Terms a, Terms weights, VI sum) {
  const DI d;
  const auto* left = static_cast<const uint8_t*>(a.codes);
  const auto* right = static_cast<const int8_t*>(weights.codes);
  int32_t lanes[HWY_MAX_BYTES / sizeof(int32_t)];
  hn::StoreU(sum, d, lanes);
  for (size_t i = 0; i < hn::Lanes(d); ++i) {
    for (size_t t = 0; t < 4; ++t) lanes[i] += int32_t{left[t]} * int32_t{right[4 * i + t]};
  }
  return hn::LoadU(d, lanes);
}
#else
using D16 = hn::Repartition<int16_t, DI>;
struct Terms {
  hn::Vec<D16> even, odd;
};
HWY_INLINE Terms LoadWeights(const int8_t* codes) {
  const D16 d16;
  const auto both = hn::LoadU(d16, reinterpret_cast<const int16_t*>(codes));
  return {hn::ShiftRight<8>(hn::ShiftLeft<8>(both)), hn::ShiftRight<8>(both)};
}
HWY_INLINE Terms LoadRow(const uint8_t* codes) {
  const D16 d16;
  const hn::RebindToUnsigned<D16> u16;
  int32_t four;
  std::memcpy(&four, codes, sizeof(four));
  const auto both = hn::BitCast(u16, hn::Set(DI(), four));
  return {hn::BitCast(d16, hn::And(both, hn::Set(u16, 255))), hn::BitCast(d16, hn::ShiftRight<8>(both))};
}
HWY_INLINE VI AddTerms(const Terms& a, const Terms& weights, VI sum) {
  VI unused = hn::Zero(DI());  // on x86, neighbouring products are added within their lane
  sum = hn::ReorderWidenMulAccumulate(DI(), a.even, weights.even, sum, unused);
  return hn::ReorderWidenMulAccumulate(DI(), a.odd, weights.odd, sum, unused);
}
#endif

// A register block of a task: `width` columns from `column` of a panel on. `ahead`: what is asked for in L1
// while the panel is multiplied, as much at a time.
struct Block {
  const uint8_t* a;
  int64_t a_stride;
  const float* a_scales;
  const int32_t* a_zeros;
  const int8_t* codes;
  const int8_t* ahead;
  const float* scales;
  const int32_t* sums;
  const float* bias;
  int64_t num_groups;
  int64_t width;
  bool add;
  float* out;
  int64_t out_stride;
};

// The integers as floats, by operations that round alike at every level.
HWY_INLINE void StoreSum(VI sum, int64_t row, int64_t column, const Block& block) {
  const D d;
  const DI di;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d)), count = block.width - column;
  if (count <= 0) return;
  const VI above = hn::Mul(hn::Set(di, block.a_zeros[row]), hn::LoadU(di, block.sums + column));
  const V scale = hn::Mul(hn::Set(d, block.a_scales[row]), hn::LoadU(d, block.scales + column));
  V value = hn::Mul(hn::ConvertTo(d, hn::Sub(sum, above)), scale);
  if (block.bias != nullptr) value = hn::Add(value, hn::LoadU(d, block.bias + column));
  float* out = block.out + row * block.out_stride + column;
  if (count >= n) {
    hn::StoreU(block.add ? hn::Add(hn::LoadU(d, out), value) : value, d, out);
  } else {
    const size_t tail = static_cast<size_t>(count);
    StoreTail(block.add ? hn::Add(LoadTail(d, out, tail), value) : value, d, out, tail);
  }
}

template <size_t... kVector>
HWY_INLINE void AddGroup(const Terms& a, const Terms* HWY_RESTRICT weights, VI* HWY_RESTRICT sums,
                         std::index_sequence<kVector...>) {
  ((sums[kVector] = AddTerms(a, weights[kVector], sums[kVector])), ...);
}

template <size_t... kVector>
HWY_INLINE void StoreSums(const VI* sums, int64_t row, const Block& block, std::index_sequence<kVector...>) {
  const int64_t n = static_cast<int64_t>(hn::Lanes(D()));
  (StoreSum(sums[kVector], row, static_cast<int64_t>(kVector) * n, block), ...);
}

template <size_t... kRow, size_t... kVector>
HWY_INLINE void MultiplyBlock(const Block& block, std::index_sequence<kRow...>,
                              std::index_sequence<kVector...> vectors) {
  const int64_t n = static_cast<int64_t>(hn::Lanes(D())), a_stride = block.a_stride;
  VI sums[sizeof...(kRow)][sizeof...(kVector)];
  for (auto& row : sums) ((row[kVector] = hn::Zero(DI())), ...);
  const uint8_t* HWY_RESTRICT a = block.a;
  const int8_t* HWY_RESTRICT codes = block.codes;
  const int8_t* ahead = block.ahead;
  for (int64_t g = 0; g < block.num_groups; ++g) {
    (hwy::Prefetch(ahead + static_cast<int64_t>(kVector) * n * 4), ...);
    ahead += kInt8PanelRows * 4;
    const Terms weights[] = {LoadWeights(codes + static_cast<int64_t>(kVector) * n * 4)...};
    (AddGroup(LoadRow(a + static_cast<int64_t>(kRow) * a_stride), weights, sums[kRow], vectors), ...);
    a += 4;
    codes += kInt8PanelRows * 4;
  }
  (StoreSums(sums[kRow], static_cast<int64_t>(kRow), block, vectors), ...);
}

template <size_t kRows, size_t kVectors>
HWY_NOINLINE void MultiplyRows(const Block& block) {
  MultiplyBlock(block, std::make_index_sequence<kRows>(), std::make_index_sequence<kVectors>());
}

HWY_INLINE void MultiplyBlockOf(int64_t rows, int64_t vectors, const Block& block) {
  static constexpr auto kBlocks = []<size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<void (*)(const Block&), sizeof...(kIndex)>{
        &MultiplyRows<kIndex / kMostVectors + 1, kIndex % kMostVectors + 1>...};
  }(std::make_index_sequence<static_cast<size_t>(kMostRows * kMostVectors)>());
  kBlocks[static_cast<size_t>((rows - 1) * kMostVectors + vectors - 1)](block);
}

// Weights that no L2 holds come in time for the first block of rows, which asks for those it will multiply
// soon.
constexpr int64_t kGroupsAhead = 32;

void MultiplyInt8(const QuantizedRows& a, int64_t begin, int64_t end, const Int8Task& task) {
  const int64_t n = static_cast<int64_t>(hn::Lanes(D())), step = kMostVectors * n, height = end - begin;
  const int64_t num_blocks = (height + kMostRows - 1) / kMostRows;
  for (int64_t p = 0; p < task.num_panels; ++p) {
    const int64_t columns = HWY_MIN(kInt8PanelRows, task.num_columns - p * kInt8PanelRows);
    for (int64_t c = 0; c < columns; c += step) {
      const int64_t width = HWY_MIN(step, columns - c), at = p * kInt8PanelRows + c;
      const int8_t* codes = task.codes + (p * kInt8PanelRows * task.num_groups + c) * 4;
      for (int64_t b = 0; b < num_blocks; ++b) {
        const int64_t first = height * b / num_blocks, last = height * (b + 1) / num_blocks;
        const Block block{a.codes(begin + first),
                          a.stride(),
                          a.scales() + begin + first,
                          a.zeros() + begin + first,
                          codes,
                          b == 0 ? codes + kGroupsAhead * kInt8PanelRows * 4 : codes,
                          task.scales + at,
                          task.sums + at,
                          task.bias == nullptr ? nullptr : task.bias + at,
                          task.num_groups,
                          width,
                          task.epilogue == Epilogue::kAdd,
                          task.out + first * task.out_stride + at,
                          task.out_stride};
        MultiplyBlockOf(last - first, (width + n - 1) / n, block);
        ActivateBlock(task.epilogue, block.out, last - first, width, task.out_stride);
      }
    }
  }
}

// ---- rows ----

struct Range {
  float least = 0, most = 0;
  bool finite = true;
};

// The range so far of the values in each lane, and 0. Magnitudes are compared as integers, which orders NaN
// above infinity at every level.
struct LaneRanges {
  V least, most;
  VI magnitude;

  HWY_INLINE void Add(V x) {
    least = hn::Min(least, x);
    most = hn::Max(most, x);
    magnitude = hn::Max(magnitude, hn::BitCast(DI(), hn::Abs(x)));
  }
};

// Two chains hide the latency of comparing.
HWY_INLINE Range RangeOf(const float* row, int64_t size) {
  const D d;
  const DI di;
  const size_t n = hn::Lanes(d), count = static_cast<size_t>(size);
  LaneRanges even{hn::Zero(d), hn::Zero(d), hn::Zero(di)}, odd = even;
  size_t i = 0;
  for (; i + 2 * n <= count; i += 2 * n) {
    even.Add(hn::LoadU(d, row + i));
    odd.Add(hn::LoadU(d, row + i + n));
  }
  for (; i < count; i += n) {
    even.Add(i + n <= count ? hn::LoadU(d, row + i) : LoadTail(d, row + i, count - i));
  }
  constexpr int32_t kInfinity = 0x7F800000;
  return {hn::GetLane(hn::MinOfLanes(d, hn::Min(even.least, odd.least))),
          hn::GetLane(hn::MaxOfLanes(d, hn::Max(even.most, odd.most))),
          hn::GetLane(hn::MaxOfLanes(di, hn::Max(even.magnitude, odd.magnitude))) < kInfinity};
}

void QuantizeRow(const float* row, int64_t size, uint8_t* codes, float& scale, int32_t& zero) {
  const Range range = RangeOf(row, size);
  scale = range.finite ? range.most / 255 - range.least / 255 : std::numeric_limits<float>::quiet_NaN();
  zero = 0;
  // Below this the reciprocal overflows; so small a row counts as zeros.
  if (!(scale >= 1e-36f)) {
    if (range.finite) scale = 0;
    std::fill_n(codes, size, uint8_t{0});
    return;
  }
  const D d;
  const hn::Rebind<uint8_t, D> bytes;
  const size_t n = hn::Lanes(d), count = static_cast<size_t>(size);
  const float per_unit = 1 / scale;
  zero = static_cast<int32_t>(std::nearbyint(-range.least * per_unit));
  const V factor = hn::Set(d, per_unit);
  const VI shift = hn::Set(DI(), zero);
  for (size_t i = 0; i < count; i += n) {
    const bool whole = i + n <= count;
    const V x = whole ? hn::LoadU(d, row + i) : LoadTail(d, row + i, count - i);
    const auto code = hn::DemoteTo(bytes, hn::Add(hn::NearestInt(hn::Mul(x, factor)), shift));
    if (whole) {
      hn::StoreU(code, bytes, codes + i);
    } else {
      HWY_ALIGN uint8_t last[HWY_MAX_BYTES];
      hn::StoreU(code, bytes, last);
      std::memcpy(codes + i, last, count - i);
    }
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(MultiplyInt8);
HWY_EXPORT(QuantizeRow);

void multiply_int8(const QuantizedRows& a, int64_t first, int64_t last, const Int8Task& task) {
  HWY_DYNAMIC_DISPATCH(MultiplyInt8)(a, first, last, task);
}

void quantize_row(const float* row, int64_t size, uint8_t* codes, float& scale, int32_t& zero) {
  HWY_DYNAMIC_DISPATCH(QuantizeRow)(row, size, codes, scale, zero);
}

}  // namespace whitney
#endif  // HWY_ONCE
