#include "whitney/linalg/fast_scan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/fast_scan.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#ifndef WHITNEY_FAST_SCAN
#define WHITNEY_FAST_SCAN
namespace whitney {

// Entries of a table, which are also the bytes of a part in a block.
constexpr int64_t kTableSize = 16;
// Bytes of a block whose sums fit 16 bits: those of 256 parts, of 255 at most each.
constexpr int64_t kSegment = 256 * kTableSize;
// How far ahead of the block that is added up memory is asked for.
constexpr int64_t kPrefetchBytes = 2048;

}  // namespace whitney
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Writes the least and the greatest number of each run of 16; returns whether all are finite.
bool TableLimits(const float* tables, int64_t num_tables, float* least, float* greatest) {
  const hn::CappedTag<float, kTableSize> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(d);
  auto spoiled = zero;  // NaN as soon as a number is not finite
  for (int64_t m = 0; m < num_tables; ++m, tables += kTableSize) {
    auto low = hn::LoadU(d, tables), high = low;
    spoiled = hn::Add(spoiled, hn::Mul(low, zero));
    for (int64_t i = n; i < kTableSize; i += n) {
      const auto numbers = hn::LoadU(d, tables + i);
      low = hn::Min(low, numbers);
      high = hn::Max(high, numbers);
      spoiled = hn::Add(spoiled, hn::Mul(numbers, zero));
    }
    least[m] = hn::GetLane(hn::MinOfLanes(d, low));
    greatest[m] = hn::GetLane(hn::MaxOfLanes(d, high));
  }
  return hn::GetLane(hn::SumOfLanes(d, spoiled)) == 0;
}

void QuantizeTables(const float* tables, int64_t num_tables, const float* least, float inverse_step,
                    uint8_t* entries) {
  const hn::CappedTag<float, kTableSize> d;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto factor = hn::Set(d, inverse_step);
  for (int64_t m = 0; m < num_tables; ++m) {
    const auto minimum = hn::Set(d, least[m]);
    for (int64_t i = 0; i < kTableSize; i += n, tables += n, entries += n) {
      const auto scaled = hn::Mul(hn::Sub(hn::LoadU(d, tables), minimum), factor);
      hn::StoreU(hn::DemoteTo(d8, hn::NearestInt(scaled)), d8, entries);
    }
  }
}

#if HWY_TARGET == HWY_SCALAR

HWY_INLINE void SumSegment(const uint8_t* block, const uint8_t* entries, int64_t num_bytes, uint16_t* sums) {
  std::fill_n(sums, kFastScanLanes, uint16_t{0});
  for (int64_t i = 0; i < num_bytes; ++i) {
    const uint8_t* table = entries + i / kTableSize * kTableSize;
    const int64_t lane = i % kTableSize / 2 + i % 2 * 8;
    sums[lane] = static_cast<uint16_t>(sums[lane] + table[block[i] & 15]);
    sums[lane + 16] = static_cast<uint16_t>(sums[lane + 16] + table[block[i] >> 4]);
  }
}

#else

// The sums of 8 neighbouring lanes in each 128-bit block of a vector, which stand for further parts.
template <class V>
struct LaneSums {
  V lanes[4];
};

// Adds up the blocks of each vector, and stores 32 sums in the order of lanes.
template <class D16, class V = hn::Vec<D16> >
HWY_INLINE void StoreFolded(D16 d, const LaneSums<V>& sums, uint16_t* out) {
#if HWY_MAX_BYTES == 64
  const auto halves = [&](V a, V b) HWY_ATTR {
    return hn::Add(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a));
  };
  const V even = halves(sums.lanes[0], sums.lanes[2]), odd = halves(sums.lanes[1], sums.lanes[3]);
  const V first = hn::OddEvenBlocks(hn::SwapAdjacentBlocks(odd), even);
  const V second = hn::OddEvenBlocks(odd, hn::SwapAdjacentBlocks(even));
  hn::Store(hn::Add(first, second), d, out);
#elif HWY_MAX_BYTES == 32
  for (size_t i = 0; i < 4; i += 2) {
    const V a = sums.lanes[i], b = sums.lanes[i + 1];
    hn::Store(hn::Add(hn::ConcatLowerLower(d, b, a), hn::ConcatUpperUpper(d, b, a)), d, out + 8 * i);
  }
#else
  for (size_t i = 0; i < 4; ++i) hn::Store(sums.lanes[i], d, out + 8 * i);
#endif
}

// Looked-up bytes are added as words of 16 bits, and their high bytes once more by themselves: the sums of
// the low bytes are what is left of the first without the second. 11 operations of vectors for the 128
// look-ups of 64 bytes (AVX-512), of which three shifts and two look-ups have one port each: in caches 5.5
// cycles for 64 bytes, beyond them memory is what limits it.
HWY_INLINE void SumSegment(const uint8_t* block, const uint8_t* entries, int64_t num_bytes, uint16_t* sums) {
  const hn::ScalableTag<uint8_t> d;
  const hn::Repartition<uint16_t, decltype(d)> d16;
  using V16 = hn::Vec<decltype(d16)>;
  constexpr int64_t kStep = HWY_MAX_BYTES;
  const auto nibble = hn::Set(d, uint8_t{15});
  V16 low = hn::Zero(d16), low_odd = low, high = low, high_odd = low;
  const auto add = [&](auto codes, auto table) HWY_ATTR {
    const auto shifted = hn::BitCast(d, hn::ShiftRight<4>(hn::BitCast(d16, codes)));
    const V16 of_low = hn::BitCast(d16, hn::TableLookupBytes(table, hn::And(codes, nibble)));
    const V16 of_high = hn::BitCast(d16, hn::TableLookupBytes(table, hn::And(shifted, nibble)));
    low = hn::Add(low, of_low);
    low_odd = hn::Add(low_odd, hn::ShiftRight<8>(of_low));
    high = hn::Add(high, of_high);
    high_odd = hn::Add(high_odd, hn::ShiftRight<8>(of_high));
  };
  int64_t i = 0;
  for (; i + kStep <= num_bytes; i += kStep) add(hn::LoadU(d, block + i), hn::LoadU(d, entries + i));
#if HWY_MAX_BYTES == 64
  // Parts come in pairs of 32 bytes; the tables of the pair that is not there are zeros.
  if (i < num_bytes) {
    const hn::Half<decltype(d)> dh;
    add(hn::ZeroExtendVector(d, hn::LoadU(dh, block + i)), hn::LoadU(d, entries + i));
  }
#endif
  const V16 low_even = hn::Sub(low, hn::ShiftLeft<8>(low_odd));
  const V16 high_even = hn::Sub(high, hn::ShiftLeft<8>(high_odd));
  StoreFolded(d16, LaneSums<V16>{{low_even, low_odd, high_even, high_odd}}, sums);
}

#endif

// The sums of one block.
HWY_INLINE void SumBlock(const uint8_t* block, const FastScanTables& tables, uint32_t* sums) {
  const hn::CappedTag<uint32_t, kFastScanLanes> d;
  const hn::Rebind<uint16_t, decltype(d)> d16;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const int64_t num_bytes = fast_scan_block_bytes(tables.num_parts);
  for (int64_t begin = 0; begin < num_bytes || begin == 0; begin += kSegment) {
    HWY_ALIGN uint16_t part[kFastScanLanes];
    SumSegment(block + begin, tables.entries.data() + begin, std::min(kSegment, num_bytes - begin), part);
    for (int64_t i = 0; i < kFastScanLanes; i += n) {
      auto sum = hn::PromoteTo(d, hn::LoadU(d16, part + i));
      if (begin > 0) sum = hn::Add(sum, hn::LoadU(d, sums + i));
      hn::StoreU(sum, d, sums + i);
    }
  }
}

// The lanes of a block of up to 256 parts whose sums are at most `most`, as bits; the sums themselves go to
// `sums`.
HWY_INLINE uint32_t LanesWithin(const uint16_t* sums, uint16_t most) {
  const hn::CappedTag<uint16_t, kFastScanLanes> d;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto limit = hn::Set(d, most);
  uint32_t found = 0;
  for (int64_t i = 0; i < kFastScanLanes; i += n) {
    uint8_t bits[8] = {};
    const auto is_within = hn::Eq(hn::Min(hn::Load(d, sums + i), limit), hn::Load(d, sums + i));
    if (hn::AllFalse(d, is_within)) continue;
    hn::StoreMaskBits(d, is_within, bits);
    uint32_t some;
    std::memcpy(&some, bits, sizeof(some));
    found |= some << i;
  }
  return found;
}

int64_t FastScanSelect(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                       const FastScanTables& tables, uint32_t most, uint32_t* places, uint32_t* sums) {
  const int64_t num_bytes = fast_scan_block_bytes(tables.num_parts);
  const auto limit = static_cast<uint16_t>(HWY_MIN(most, 65535u));
  const uint8_t* entries = tables.entries.data();
  int64_t found = 0;
  for (int64_t b = 0; b < num_blocks; ++b) {
    const auto first = static_cast<uint32_t>(b * kFastScanLanes);
    // What is not in caches yet is asked for some pages' worth of blocks ahead.
    for (int64_t line = 0; line < num_bytes; line += 64)
      hwy::Prefetch(blocks + b * stride_bytes + kPrefetchBytes + line);
    if (num_bytes <= kSegment) {
      HWY_ALIGN uint16_t part[kFastScanLanes];
      SumSegment(blocks + b * stride_bytes, entries, num_bytes, part);
      for (uint32_t lanes = LanesWithin(part, limit); lanes != 0; lanes &= lanes - 1) {
        const auto lane = static_cast<uint32_t>(std::countr_zero(lanes));
        places[found] = first + lane;
        sums[found++] = part[lane];
      }
    } else {
      HWY_ALIGN uint32_t all[kFastScanLanes];
      SumBlock(blocks + b * stride_bytes, tables, all);
      for (uint32_t lane = 0; lane < kFastScanLanes; ++lane) {
        if (all[lane] > most) continue;
        places[found] = first + lane;
        sums[found++] = all[lane];
      }
    }
  }
  return found;
}

void FastScanSums(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                  const FastScanTables& tables, uint32_t* sums) {
  for (int64_t b = 0; b < num_blocks; ++b)
    SumBlock(blocks + b * stride_bytes, tables, sums + b * kFastScanLanes);
}

void FastScanRanges(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                    const FastScanTables& tables, float margin, float* least, float* greatest) {
  const hn::CappedTag<float, kFastScanLanes> d;
  const hn::RebindToSigned<decltype(d)> di;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const auto step = hn::Set(d, tables.step), base = hn::Set(d, tables.base);
  const auto error = hn::Set(d, tables.error + margin);
  for (int64_t b = 0; b < num_blocks; ++b) {
    HWY_ALIGN uint32_t sums[kFastScanLanes];
    SumBlock(blocks + b * stride_bytes, tables, sums);
    for (int64_t i = 0; i < kFastScanLanes; i += n) {
      const auto whole = hn::LoadU(di, reinterpret_cast<const int32_t*>(sums + i));
      const auto middle = hn::MulAdd(step, hn::ConvertTo(d, whole), base);
      hn::StoreU(hn::Sub(middle, error), d, least + b * kFastScanLanes + i);
      hn::StoreU(hn::Add(middle, error), d, greatest + b * kFastScanLanes + i);
    }
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(TableLimits);
HWY_EXPORT(QuantizeTables);
HWY_EXPORT(FastScanSums);
HWY_EXPORT(FastScanRanges);
HWY_EXPORT(FastScanSelect);

namespace {

// The byte of a part that holds a lane, and its half.
struct LanePlace {
  int64_t byte;
  int shift;
};

LanePlace place_of(int64_t lane) {
  const int64_t within = lane % 16;
  return {within < 8 ? 2 * within : 2 * (within - 8) + 1, lane < 16 ? 0 : 4};
}

}  // namespace

void pack_fast_scan_block(const uint8_t* codes, int64_t stride_bytes, int64_t count, int64_t num_parts,
                          uint8_t* block) {
  WHITNEY_CHECK(count >= 0 && count <= kFastScanLanes, count, " codes for the lanes of a block");
  const int64_t code_bytes = fast_scan_code_bytes(num_parts);
  const std::vector<uint8_t> none(count < kFastScanLanes ? static_cast<size_t>(code_bytes) : 0);
  const auto code_of = [&](int64_t lane) { return lane < count ? codes + lane * stride_bytes : none.data(); };
  for (int64_t lane = 0; lane < 16; ++lane) {
    const uint8_t *low = code_of(lane), *high = code_of(lane + 16);
    uint8_t* out = block + place_of(lane).byte;
    for (int64_t b = 0; b < code_bytes; ++b, out += 2 * kTableSize) {
      out[0] = static_cast<uint8_t>((low[b] & 15) | (high[b] << 4));
      out[kTableSize] = static_cast<uint8_t>((low[b] >> 4) | (high[b] & 0xf0));
    }
  }
}

void write_fast_scan_lane(const uint8_t* code, int64_t num_parts, int64_t lane, uint8_t* block) {
  const LanePlace place = place_of(lane);
  const int kept = 0xf0 >> place.shift;
  uint8_t* out = block + place.byte;
  for (int64_t b = 0; b < fast_scan_code_bytes(num_parts); ++b, out += 2 * kTableSize) {
    out[0] = static_cast<uint8_t>((out[0] & kept) | (code[b] & 15) << place.shift);
    out[kTableSize] = static_cast<uint8_t>((out[kTableSize] & kept) | (code[b] >> 4) << place.shift);
  }
}

void read_fast_scan_lane(const uint8_t* block, int64_t num_parts, int64_t lane, uint8_t* code) {
  const LanePlace place = place_of(lane);
  const uint8_t* in = block + place.byte;
  for (int64_t b = 0; b < fast_scan_code_bytes(num_parts); ++b, in += 2 * kTableSize)
    code[b] = static_cast<uint8_t>((in[0] >> place.shift & 15) | (in[kTableSize] >> place.shift & 15) << 4);
}

FastScanTables quantize_tables(std::span<const float> tables, TableRange range, int64_t table_size) {
  WHITNEY_CHECK(table_size % kTableSize == 0 && std::ssize(tables) % table_size == 0, tables.size(),
                " numbers are no tables of ", table_size);
  FastScanTables result;
  result.num_parts = std::ssize(tables) / table_size;
  result.entries = Array<uint8_t>((std::ssize(tables) + 63) / 64 * 64, uint8_t{0});
  if (tables.empty()) return result;
  const auto runs_of_table = static_cast<size_t>(table_size / kTableSize);
  std::vector<float> least(tables.size() / kTableSize), greatest(least);
  const bool is_finite =
      HWY_DYNAMIC_DISPATCH(TableLimits)(tables.data(), std::ssize(least), least.data(), greatest.data());
  // One range for the runs of 16 of each table, or for all.
  const size_t of_range = range == TableRange::kAll ? least.size() : runs_of_table;
  for (size_t first = 0; of_range > 1 && first < least.size(); first += of_range) {
    const auto low = std::span(least).subspan(first, of_range),
               high = std::span(greatest).subspan(first, of_range);
    std::ranges::fill(low, *std::ranges::min_element(low));
    std::ranges::fill(high, *std::ranges::max_element(high));
  }
  float span = 0;
  double base = 0, size = 0;
  for (size_t m = 0; m < least.size(); m += runs_of_table) {
    span = std::max(span, greatest[m] - least[m]);
    base += least[m];
    size += std::max(std::abs(least[m]), std::abs(greatest[m]));
  }
  result.base = static_cast<float>(base);
  result.size = static_cast<float>(size);
  if (!is_finite || !std::isfinite(span) || !std::isfinite(result.base)) {
    result.base = 0;
    result.error = std::numeric_limits<float>::infinity();
    return result;
  }
  const auto parts = static_cast<double>(result.num_parts);
  constexpr float kLeastSpan = 1e-30F;  // below, 255 / span is no float32
  if (span > kLeastSpan) {
    result.step = span / 255;
    HWY_DYNAMIC_DISPATCH(QuantizeTables)
    (tables.data(), std::ssize(least), least.data(), 255 / span, result.entries.mutable_data());
  }
  // Half a step a part; an entry is rounded from a product that errs by 2^-23 of 255 steps, and sum_of rounds
  // three times.
  const double rounded = std::abs(base) + 255 * parts * result.step;
  result.error =
      static_cast<float>(parts * (result.step > 0 ? 0.5001 * result.step : span) + std::ldexp(rounded, -22));
  return result;
}

std::vector<float> subset_sums(std::span<const float> coordinates) {
  std::vector<float> tables((coordinates.size() + 3) / 4 * kTableSize);
  for (size_t first = 0; first < coordinates.size(); first += 4) {
    float* table = tables.data() + first / 4 * kTableSize;
    for (size_t bit = 0; bit < 4; ++bit) {
      const float value = first + bit < coordinates.size() ? coordinates[first + bit] : 0.0F;
      for (size_t j = 0; j < size_t{1} << bit; ++j) table[j + (size_t{1} << bit)] = table[j] + value;
    }
  }
  return tables;
}

void fast_scan_sums(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                    const FastScanTables& tables, uint32_t* sums) {
  HWY_DYNAMIC_DISPATCH(FastScanSums)(blocks, stride_bytes, num_blocks, tables, sums);
}

std::optional<uint32_t> FastScanTables::most_entries(float limit, float margin) const {
  constexpr double kAll = 4294967295.0;
  const double above = double{limit} - double{base} + double{error} + double{margin};
  if (!(above < 0) && !(step > 0)) return static_cast<uint32_t>(kAll);
  if (above < 0) return std::nullopt;
  return static_cast<uint32_t>(std::min(above / double{step} + 1, kAll));
}

int64_t fast_scan_select(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                         const FastScanTables& tables, uint32_t most, uint32_t* places, uint32_t* sums) {
  return HWY_DYNAMIC_DISPATCH(FastScanSelect)(blocks, stride_bytes, num_blocks, tables, most, places, sums);
}

void fast_scan_ranges(const uint8_t* blocks, int64_t stride_bytes, int64_t num_blocks,
                      const FastScanTables& tables, float margin, float* least, float* greatest) {
  HWY_DYNAMIC_DISPATCH(FastScanRanges)
  (blocks, stride_bytes, num_blocks, tables, margin, least, greatest);
}

}  // namespace whitney
#endif  // HWY_ONCE
