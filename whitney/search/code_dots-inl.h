// Sums of products of a query and codes, compiled once per SIMD level (see Highway's quick reference on files
// of this form).
#if defined(WHITNEY_SEARCH_CODE_DOTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_SEARCH_CODE_DOTS_INL_H_
#undef WHITNEY_SEARCH_CODE_DOTS_INL_H_
#else
#define WHITNEY_SEARCH_CODE_DOTS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>
#include <cstring>

#include "whitney/linalg/vnni_target-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::search::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3_DL

// The four sums of lanes of four vectors.
HWY_INLINE __m128i SumLanes(__m512i a, __m512i b, __m512i c, __m512i d) {
  const auto halves = [](__m512i v) HWY_ATTR {
    return _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
  };
  const __m256i ab = _mm256_hadd_epi32(halves(a), halves(b));
  const __m256i cd = _mm256_hadd_epi32(halves(c), halves(d));
  const __m256i abcd = _mm256_hadd_epi32(ab, cd);
  return _mm_add_epi32(_mm256_castsi256_si128(abcd), _mm256_extracti128_si256(abcd, 1));
}

HWY_INLINE __m512i LoadCodes(const void* codes) { return _mm512_loadu_si512(codes); }

// The sum of unsigned row times signed query.
HWY_INLINE int32_t DotOne(const uint8_t* row, const int8_t* query, int64_t padded_dim) {
  __m512i sum = _mm512_setzero_si512(), other = sum;
  int64_t i = 0;
  for (; i + 128 <= padded_dim; i += 128) {
    sum = _mm512_dpbusd_epi32(sum, LoadCodes(row + i), LoadCodes(query + i));
    other = _mm512_dpbusd_epi32(other, LoadCodes(row + i + 64), LoadCodes(query + i + 64));
  }
  if (i < padded_dim) sum = _mm512_dpbusd_epi32(sum, LoadCodes(row + i), LoadCodes(query + i));
  return _mm512_reduce_add_epi32(_mm512_add_epi32(sum, other));
}

// out[i] = sum of unsigned rows[i] times signed query: one instruction per 64 values, bound by the loads.
HWY_INLINE void DotRows(const uint8_t* const rows[4], const int8_t* query, int64_t padded_dim, int32_t* out) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (int64_t i = 0; i < padded_dim; i += 64) {
    const __m512i q = LoadCodes(query + i);
    a = _mm512_dpbusd_epi32(a, LoadCodes(rows[0] + i), q);
    b = _mm512_dpbusd_epi32(b, LoadCodes(rows[1] + i), q);
    c = _mm512_dpbusd_epi32(c, LoadCodes(rows[2] + i), q);
    d = _mm512_dpbusd_epi32(d, LoadCodes(rows[3] + i), q);
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), SumLanes(a, b, c, d));
}

// out[i] = sum of unsigned row times signed queries[i].
HWY_INLINE void DotQueries(const uint8_t* row, const int8_t* const queries[4], int64_t padded_dim,
                           int32_t* out) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (int64_t i = 0; i < padded_dim; i += 64) {
    const __m512i r = LoadCodes(row + i);
    a = _mm512_dpbusd_epi32(a, r, LoadCodes(queries[0] + i));
    b = _mm512_dpbusd_epi32(b, r, LoadCodes(queries[1] + i));
    c = _mm512_dpbusd_epi32(c, r, LoadCodes(queries[2] + i));
    d = _mm512_dpbusd_epi32(d, r, LoadCodes(queries[3] + i));
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), SumLanes(a, b, c, d));
}

// As DotRows for codes of 4 bits, two a byte: the low ones meet the first half of the query, the high ones
// the second. Twice the instructions for half the bytes, which are what limits a walk.
HWY_INLINE void DotHalfRows(const uint8_t* const rows[4], const int8_t* query, int64_t padded_dim,
                            int32_t* out) {
  const __m512i nibble = _mm512_set1_epi8(15);
  const int64_t half = padded_dim / 2;
  __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                     _mm512_setzero_si512()};
  for (int64_t i = 0; i < half; i += 64) {
    const __m512i low_query = LoadCodes(query + i), high_query = LoadCodes(query + half + i);
    for (int j = 0; j < 4; ++j) {
      const __m512i codes = LoadCodes(rows[j] + i);
      sums[j] = _mm512_dpbusd_epi32(sums[j], _mm512_and_si512(codes, nibble), low_query);
      sums[j] =
          _mm512_dpbusd_epi32(sums[j], _mm512_and_si512(_mm512_srli_epi16(codes, 4), nibble), high_query);
    }
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), SumLanes(sums[0], sums[1], sums[2], sums[3]));
}

// The sums of the query's values where a sign is set.
HWY_INLINE void DotSignRows(const uint8_t* const rows[4], const int8_t* query, int64_t padded_dim,
                            int32_t* out) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sums[4] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                     _mm512_setzero_si512()};
  for (int64_t i = 0; i < padded_dim; i += 64) {
    const __m512i q = LoadCodes(query + i);
    for (int j = 0; j < 4; ++j) {
      uint64_t signs;
      std::memcpy(&signs, rows[j] + i / 8, sizeof(signs));
      sums[j] = _mm512_dpbusd_epi32(sums[j], _mm512_maskz_mov_epi8(signs, ones), q);
    }
  }
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), SumLanes(sums[0], sums[1], sums[2], sums[3]));
}

#else

HWY_INLINE int32_t DotOne(const uint8_t* row, const int8_t* query, int64_t padded_dim) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const hn::Rebind<uint8_t, decltype(d16)> unsigned_codes;
  const hn::Rebind<int8_t, decltype(d16)> signed_codes;
  auto sum = hn::Zero(d32), odd = hn::Zero(d32);
  // Products of 8 bits fit 16 bits only unsaturated once widened; the levels below VNNI have no exact 8-bit
  // form.
  for (int64_t i = 0; i < padded_dim; i += static_cast<int64_t>(hn::Lanes(d16))) {
    const auto a = hn::PromoteTo(d16, hn::LoadU(unsigned_codes, row + i));
    const auto b = hn::PromoteTo(d16, hn::LoadU(signed_codes, query + i));
    sum = hn::ReorderWidenMulAccumulate(d32, a, b, sum, odd);
  }
  return hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum, odd)));
}

HWY_INLINE void DotRows(const uint8_t* const rows[4], const int8_t* query, int64_t padded_dim, int32_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = DotOne(rows[i], query, padded_dim);
}

HWY_INLINE void DotQueries(const uint8_t* row, const int8_t* const queries[4], int64_t padded_dim,
                           int32_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = DotOne(row, queries[i], padded_dim);
}

HWY_INLINE int32_t DotHalfOne(const uint8_t* row, const int8_t* query, int64_t padded_dim) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const hn::Rebind<uint8_t, decltype(d16)> unsigned_codes;
  const hn::Rebind<int8_t, decltype(d16)> signed_codes;
  const int64_t half = padded_dim / 2;
  auto sum = hn::Zero(d32), odd = hn::Zero(d32);
  for (int64_t i = 0; i < half; i += static_cast<int64_t>(hn::Lanes(d16))) {
    const auto codes = hn::PromoteTo(d16, hn::LoadU(unsigned_codes, row + i));
    const auto low = hn::PromoteTo(d16, hn::LoadU(signed_codes, query + i));
    const auto high = hn::PromoteTo(d16, hn::LoadU(signed_codes, query + half + i));
    sum = hn::ReorderWidenMulAccumulate(d32, hn::And(codes, hn::Set(d16, 15)), low, sum, odd);
    sum = hn::ReorderWidenMulAccumulate(d32, hn::ShiftRight<4>(codes), high, sum, odd);
  }
  return hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum, odd)));
}

HWY_INLINE void DotHalfRows(const uint8_t* const rows[4], const int8_t* query, int64_t padded_dim,
                            int32_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = DotHalfOne(rows[i], query, padded_dim);
}

HWY_INLINE int32_t DotSignOne(const uint8_t* row, const int8_t* query, int64_t padded_dim) {
#if HWY_TARGET == HWY_SCALAR
  int32_t sum = 0;
  for (int64_t i = 0; i < padded_dim; ++i) sum += (row[i / 8] >> (i % 8) & 1) != 0 ? query[i] : 0;
  return sum;
#else
  // Whole bytes of signs: 8 lanes and more.
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const hn::Rebind<int8_t, decltype(d16)> bytes;
  auto sum = hn::Zero(d32), odd = hn::Zero(d32);
  for (int64_t i = 0; i < padded_dim; i += static_cast<int64_t>(hn::Lanes(d16))) {
    const auto q = hn::PromoteTo(d16, hn::LoadU(bytes, query + i));
    const auto chosen = hn::IfThenElseZero(hn::LoadMaskBits(d16, row + i / 8), q);
    sum = hn::ReorderWidenMulAccumulate(d32, chosen, hn::Set(d16, 1), sum, odd);
  }
  return hn::GetLane(hn::SumOfLanes(d32, hn::Add(sum, odd)));
#endif
}

HWY_INLINE void DotSignRows(const uint8_t* const rows[4], const int8_t* query, int64_t padded_dim,
                            int32_t* out) {
  for (int i = 0; i < 4; ++i) out[i] = DotSignOne(rows[i], query, padded_dim);
}

#endif

}  // namespace whitney::search::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_SEARCH_CODE_DOTS_INL_H_
