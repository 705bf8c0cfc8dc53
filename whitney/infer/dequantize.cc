#include "whitney/infer/dequantize.h"

#include <array>
#include <bit>
#include <cstring>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/infer/dequantize.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// This file is compiled with -ffp-contract=off: a product and a sum that were fused would differ from the
// reference in the last bit.

using Bytes = const uint8_t*;

HWY_INLINE float HalfAt(Bytes at) {
  Float16 half;
  std::memcpy(&half.bits, at, sizeof half.bits);
  return to_float(half);
}

// out = scale * q + offset, rounded twice; a product alone without kOffset.
template <bool kOffset>
HWY_INLINE void Affine(const int8_t* q, int n, float scale, float offset, float* out) {
  const hn::CappedTag<float, 16> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<int8_t, decltype(df)> d8;
  const auto scales = hn::Set(df, scale), offsets = hn::Set(df, offset);
  const int lanes = static_cast<int>(hn::Lanes(df));
  for (int i = 0; i < n; i += lanes) {
    auto value = hn::Mul(hn::ConvertTo(df, hn::PromoteTo(di, hn::LoadU(d8, q + i))), scales);
    if constexpr (kOffset) value = hn::Add(value, offsets);
    hn::StoreU(value, df, out + i);
  }
}

// out = ((in >> kShift) & mask) << kUp, or that added to what out holds.
template <int kShift, int kUp = 0, bool kMerge = false>
HWY_INLINE void Fields(Bytes in, int n, uint8_t mask, int8_t* out) {
  const hn::CappedTag<uint8_t, 16> d;
  const auto masks = hn::Set(d, mask);
  auto* bytes = reinterpret_cast<uint8_t*>(out);
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < n; i += lanes) {
    auto field = hn::ShiftLeft<kUp>(hn::And(hn::ShiftRight<kShift>(hn::LoadU(d, in + i)), masks));
    if constexpr (kMerge) field = hn::Or(field, hn::LoadU(d, bytes + i));
    hn::StoreU(field, d, bytes + i);
  }
}

// out -= shift
HWY_INLINE void Lower(int8_t* out, int n, int8_t shift) {
  const hn::CappedTag<int8_t, 16> d;
  const auto shifts = hn::Set(d, shift);
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < n; i += lanes) hn::StoreU(hn::Sub(hn::LoadU(d, out + i), shifts), d, out + i);
}

HWY_INLINE void Nibbles(Bytes in, int n, int8_t* low, int8_t* high) {
  Fields<0>(in, n, 15, low);
  Fields<4>(in, n, 15, high);
}

// Q4_0, Q4_1: [d] [m] 16 bytes; the low halves are values 0..15, the high ones 16..31.
template <bool kMin>
void Q4(Bytes block, int64_t num_blocks, float* out) {
  constexpr int kHead = kMin ? 4 : 2;
  int8_t q[32];
  for (; num_blocks > 0; --num_blocks, block += kHead + 16, out += 32) {
    Nibbles(block + kHead, 16, q, q + 16);
    if constexpr (!kMin) Lower(q, 32, 8);
    Affine<kMin>(q, 32, HalfAt(block), kMin ? HalfAt(block + 2) : 0, out);
  }
}

// Q5_0, Q5_1: as Q4 with the fifth bits in 4 bytes before the nibbles, value i's in bit i.
template <bool kMin>
void Q5(Bytes block, int64_t num_blocks, float* out) {
  constexpr int kHead = kMin ? 4 : 2;
  int8_t q[32];
  for (; num_blocks > 0; --num_blocks, block += kHead + 20, out += 32) {
    uint32_t fifth;
    std::memcpy(&fifth, block + kHead, sizeof fifth);
    Nibbles(block + kHead + 4, 16, q, q + 16);
    for (int i = 0; i < 32; ++i) q[i] = static_cast<int8_t>(q[i] | ((fifth >> i & 1) << 4));
    if constexpr (!kMin) Lower(q, 32, 16);
    Affine<kMin>(q, 32, HalfAt(block), kMin ? HalfAt(block + 2) : 0, out);
  }
}

void Q8_0(Bytes block, int64_t num_blocks, float* out) {
  for (; num_blocks > 0; --num_blocks, block += 34, out += 32)
    Affine<false>(reinterpret_cast<const int8_t*>(block + 2), 32, HalfAt(block), 0, out);
}

// 16 groups of 16 values: 4-bit scales and minima (16 bytes), 2-bit values (64 bytes), d, dmin.
void Q2K(Bytes block, int64_t num_blocks, float* out) {
  int8_t q[256];
  for (; num_blocks > 0; --num_blocks, block += 84, out += 256) {
    for (int half = 0; half < 2; ++half) {
      const uint8_t* bits = block + 16 + 32 * half;
      Fields<0>(bits, 32, 3, q + 128 * half);
      Fields<2>(bits, 32, 3, q + 128 * half + 32);
      Fields<4>(bits, 32, 3, q + 128 * half + 64);
      Fields<6>(bits, 32, 3, q + 128 * half + 96);
    }
    const float d = HalfAt(block + 80), least = HalfAt(block + 82);
    for (int g = 0; g < 16; ++g) {
      Affine<true>(q + 16 * g, 16, d * static_cast<float>(block[g] & 15),
                   -(least * static_cast<float>(block[g] >> 4)), out + 16 * g);
    }
  }
}

// 32 bytes of third bits (clear: subtract 4), 64 bytes of 2-bit values, 16 six-bit scales in 12 bytes, d.
void Q3K(Bytes block, int64_t num_blocks, float* out) {
  int8_t q[256];
  for (; num_blocks > 0; --num_blocks, block += 110, out += 256) {
    const uint8_t* low = block + 32;
    Fields<0>(low, 32, 3, q), Fields<2>(low, 32, 3, q + 32);
    Fields<4>(low, 32, 3, q + 64), Fields<6>(low, 32, 3, q + 96);
    Fields<0>(low + 32, 32, 3, q + 128), Fields<2>(low + 32, 32, 3, q + 160);
    Fields<4>(low + 32, 32, 3, q + 192), Fields<6>(low + 32, 32, 3, q + 224);
    Fields<0, 2, true>(block, 32, 1, q), Fields<1, 2, true>(block, 32, 1, q + 32);
    Fields<2, 2, true>(block, 32, 1, q + 64), Fields<3, 2, true>(block, 32, 1, q + 96);
    Fields<4, 2, true>(block, 32, 1, q + 128), Fields<5, 2, true>(block, 32, 1, q + 160);
    Fields<6, 2, true>(block, 32, 1, q + 192), Fields<7, 2, true>(block, 32, 1, q + 224);
    Lower(q, 256, 4);
    const uint8_t* scales = block + 96;
    const float d = HalfAt(block + 108);
    for (int g = 0; g < 16; ++g) {
      const int low_bits = g < 8 ? scales[g] & 15 : scales[g - 8] >> 4;
      const int high_bits = scales[8 + g % 4] >> (2 * (g / 4)) & 3;
      Affine<false>(q + 16 * g, 16, d * static_cast<float>((low_bits | high_bits << 4) - 32), 0,
                    out + 16 * g);
    }
  }
}

// The six-bit scale and minimum of group g of 8, packed in 12 bytes.
HWY_INLINE void ScaleAndMin(Bytes packed, int g, float d, float least, float* scale, float* offset) {
  int s, m;
  if (g < 4) {
    s = packed[g] & 63;
    m = packed[g + 4] & 63;
  } else {
    s = (packed[g + 4] & 15) | (packed[g - 4] >> 6 << 4);
    m = (packed[g + 4] >> 4) | (packed[g] >> 6 << 4);
  }
  *scale = d * static_cast<float>(s);
  *offset = -(least * static_cast<float>(m));
}

// 8 groups of 32 values: d, dmin, scales and minima (12 bytes), [fifth bits (32 bytes)], nibbles (128 bytes).
template <bool kFifth>
void Q45K(Bytes block, int64_t num_blocks, float* out) {
  constexpr int kNibbles = kFifth ? 48 : 16;
  int8_t q[256];
  for (; num_blocks > 0; --num_blocks, block += kNibbles + 128, out += 256) {
    for (int pair = 0; pair < 4; ++pair)
      Nibbles(block + kNibbles + 32 * pair, 32, q + 64 * pair, q + 64 * pair + 32);
    if constexpr (kFifth) {
      const uint8_t* bits = block + 16;
      Fields<0, 4, true>(bits, 32, 1, q), Fields<1, 4, true>(bits, 32, 1, q + 32);
      Fields<2, 4, true>(bits, 32, 1, q + 64), Fields<3, 4, true>(bits, 32, 1, q + 96);
      Fields<4, 4, true>(bits, 32, 1, q + 128), Fields<5, 4, true>(bits, 32, 1, q + 160);
      Fields<6, 4, true>(bits, 32, 1, q + 192), Fields<7, 4, true>(bits, 32, 1, q + 224);
    }
    const float d = HalfAt(block), least = HalfAt(block + 2);
    for (int g = 0; g < 8; ++g) {
      float scale, offset;
      ScaleAndMin(block + 4, g, d, least, &scale, &offset);
      Affine<true>(q + 32 * g, 32, scale, offset, out + 32 * g);
    }
  }
}

// 16 groups of 16 values: low nibbles (128 bytes), upper 2 bits (64 bytes), 8-bit scales (16 bytes), d.
void Q6K(Bytes block, int64_t num_blocks, float* out) {
  int8_t q[256];
  for (; num_blocks > 0; --num_blocks, block += 210, out += 256) {
    for (int half = 0; half < 2; ++half) {
      int8_t* to = q + 128 * half;
      Nibbles(block + 64 * half, 64, to, to + 64);
      const uint8_t* upper = block + 128 + 32 * half;
      Fields<0, 4, true>(upper, 32, 3, to), Fields<2, 4, true>(upper, 32, 3, to + 32);
      Fields<4, 4, true>(upper, 32, 3, to + 64), Fields<6, 4, true>(upper, 32, 3, to + 96);
    }
    Lower(q, 256, 32);
    const float d = HalfAt(block + 208);
    for (int g = 0; g < 16; ++g) {
      const auto scale = static_cast<float>(static_cast<int8_t>(block[192 + g]));
      Affine<false>(q + 16 * g, 16, d * scale, 0, out + 16 * g);
    }
  }
}

// A float32 d, 256 values, sums that only products use.
void Q8K(Bytes block, int64_t num_blocks, float* out) {
  for (; num_blocks > 0; --num_blocks, block += 292, out += 256) {
    float d;
    std::memcpy(&d, block, sizeof d);
    Affine<false>(reinterpret_cast<const int8_t*>(block + 4), 256, d, 0, out);
  }
}

void Halves(Bytes in, int64_t n, float* out) {
  const hn::ScalableTag<float> df;
  const hn::Rebind<uint16_t, decltype(df)> du;
  const hn::Rebind<hwy::float16_t, decltype(df)> dh;
  const auto lanes = static_cast<int64_t>(hn::Lanes(df));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto bits = hn::LoadU(du, reinterpret_cast<const uint16_t*>(in + 2 * i));
    hn::StoreU(hn::PromoteTo(df, hn::BitCast(dh, bits)), df, out + i);
  }
  for (; i < n; ++i) out[i] = HalfAt(in + 2 * i);
}

void BrainFloats(Bytes in, int64_t n, float* out) {
  const hn::ScalableTag<uint32_t> d;
  const hn::Rebind<uint16_t, decltype(d)> du;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto* bits = reinterpret_cast<uint32_t*>(out);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto upper = hn::LoadU(du, reinterpret_cast<const uint16_t*>(in + 2 * i));
    hn::StoreU(hn::ShiftLeft<16>(hn::PromoteTo(d, upper)), d, bits + i);
  }
  for (; i < n; ++i) {
    uint16_t upper;
    std::memcpy(&upper, in + 2 * i, sizeof upper);
    out[i] = std::bit_cast<float>(uint32_t{upper} << 16);
  }
}

void Dequantize(WeightType type, Bytes bytes, int64_t num_blocks, float* out) {
  switch (type) {
    case WeightType::kF16:
      return Halves(bytes, num_blocks, out);
    case WeightType::kBF16:
      return BrainFloats(bytes, num_blocks, out);
    case WeightType::kQ4_0:
      return Q4<false>(bytes, num_blocks, out);
    case WeightType::kQ4_1:
      return Q4<true>(bytes, num_blocks, out);
    case WeightType::kQ5_0:
      return Q5<false>(bytes, num_blocks, out);
    case WeightType::kQ5_1:
      return Q5<true>(bytes, num_blocks, out);
    case WeightType::kQ8_0:
      return Q8_0(bytes, num_blocks, out);
    case WeightType::kQ2_K:
      return Q2K(bytes, num_blocks, out);
    case WeightType::kQ3_K:
      return Q3K(bytes, num_blocks, out);
    case WeightType::kQ4_K:
      return Q45K<false>(bytes, num_blocks, out);
    case WeightType::kQ5_K:
      return Q45K<true>(bytes, num_blocks, out);
    case WeightType::kQ6_K:
      return Q6K(bytes, num_blocks, out);
    default:
      return Q8K(bytes, num_blocks, out);
  }
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::infer {
HWY_EXPORT(Dequantize);

namespace {

void widen_float8(WeightType type, const std::byte* bytes, int64_t num_values, float* out) {
  std::array<float, 256> values;
  for (size_t bits = 0; bits < values.size(); ++bits)
    values[bits] = float8_value(type, static_cast<uint8_t>(bits));
  for (int64_t i = 0; i < num_values; ++i) out[i] = values[static_cast<uint8_t>(bytes[i])];
}

}  // namespace

void dequantize(WeightType type, const std::byte* bytes, int64_t num_values, float* out) {
  const BlockLayout layout = layout_of(type);
  WHITNEY_CHECK(is_readable(type) && num_values % layout.block_values == 0, num_values, " values of ",
                name_of(type));
  if (num_values == 0) return;
  if (type == WeightType::kF32) {
    std::memcpy(out, bytes, static_cast<size_t>(num_values) * sizeof(float));
  } else if (type == WeightType::kF64) {
    for (int64_t i = 0; i < num_values; ++i) {
      double value;
      std::memcpy(&value, bytes + 8 * i, sizeof value);
      out[i] = static_cast<float>(value);
    }
  } else if (type == WeightType::kF8_E4M3 || type == WeightType::kF8_E5M2) {
    widen_float8(type, bytes, num_values, out);
  } else {
    HWY_DYNAMIC_DISPATCH(Dequantize)
    (type, reinterpret_cast<const uint8_t*>(bytes), num_values / layout.block_values, out);
  }
}

}  // namespace whitney::infer
#endif  // HWY_ONCE
