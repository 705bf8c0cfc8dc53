#include "whitney/linalg/code_distance.h"

#include <algorithm>
#include <utility>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/code_distance.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "whitney/linalg/vnni_target-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_AVX3_DL

// vpdpbusd multiplies unsigned by signed bytes. With s = b - 128 (the top bit flipped) a b = a s + 128 a:
// - dot: sum(a b) = sum(a s) + 128 sum(a), where sum(a) is known once per query;
// - squared l2 of t = |a - b|: sum(t t) = sum(t (t - 128)) + 128 sum(t), both sums by vpdpbusd.
// Sums wrap modulo 2^32 and the result fits, so it is exact.
constexpr int64_t kStep = 64;

struct Sums {
  __m512i products, plain;
};

HWY_INLINE __m512i LoadCodes(const uint8_t* codes, __mmask64 mask) {
  return _mm512_maskz_loadu_epi8(mask, codes);
}

template <CodeKernel kKernel>
HWY_INLINE void AddCodes(__m512i a, __m512i b, Sums& sums) {
  const __m512i flip = _mm512_set1_epi8(static_cast<char>(0x80));
  if constexpr (kKernel == CodeKernel::kDot) {
    sums.products = _mm512_dpbusd_epi32(sums.products, a, _mm512_xor_si512(b, flip));
  } else {
    const __m512i t = _mm512_or_si512(_mm512_subs_epu8(a, b), _mm512_subs_epu8(b, a));
    sums.products = _mm512_dpbusd_epi32(sums.products, t, _mm512_xor_si512(t, flip));
    sums.plain = _mm512_dpbusd_epi32(sums.plain, t, _mm512_set1_epi8(1));
  }
}

// 128 times the sum of the codes, for the dot product.
HWY_INLINE uint32_t QueryTerm(CodeKernel kernel, const uint8_t* query, int64_t dim) {
  if (kernel == CodeKernel::kSquaredL2) return 0;
  __m512i sum = _mm512_setzero_si512();
  for (int64_t i = 0; i < dim; i += kStep) {
    const __mmask64 mask = dim - i >= kStep ? ~__mmask64{0} : (__mmask64{1} << (dim - i)) - 1;
    sum = _mm512_dpbusd_epi32(sum, LoadCodes(query + i, mask), _mm512_set1_epi8(1));
  }
  return 128u * static_cast<uint32_t>(_mm512_reduce_add_epi32(sum));
}

template <CodeKernel kKernel, size_t... kRow>
HWY_INLINE void MeasureCodes(const uint8_t* query, uint32_t query_term, const uint8_t* const* rows,
                             int64_t dim, int32_t* out, std::index_sequence<kRow...>) {
  const __m512i zero = _mm512_setzero_si512();
  Sums sums[sizeof...(kRow)] = {((void)kRow, Sums{zero, zero})...};
  int64_t i = 0;
  for (; i + kStep <= dim; i += kStep) {
    const __m512i q = _mm512_loadu_si512(query + i);
    (AddCodes<kKernel>(q, _mm512_loadu_si512(rows[kRow] + i), sums[kRow]), ...);
  }
  if (i < dim) {
    const __mmask64 mask = (__mmask64{1} << (dim - i)) - 1;
    const __m512i q = LoadCodes(query + i, mask);
    (AddCodes<kKernel>(q, LoadCodes(rows[kRow] + i, mask), sums[kRow]), ...);
  }
  ((out[kRow] = static_cast<int32_t>(query_term +
                                     static_cast<uint32_t>(_mm512_reduce_add_epi32(_mm512_add_epi32(
                                         sums[kRow].products, _mm512_slli_epi32(sums[kRow].plain, 7)))))),
   ...);
}

#else

HWY_INLINE uint32_t QueryTerm(CodeKernel, const uint8_t*, int64_t) { return 0; }

template <CodeKernel kKernel, class D16, class V32>
HWY_INLINE V32 AddCodes(D16 d16, hn::Vec<D16> a, const uint8_t* b, V32 sum) {
  const hn::Rebind<uint8_t, D16> d8;
  const hn::RepartitionToWide<D16> d32;
  hn::Vec<D16> left = a, right = hn::PromoteTo(d16, hn::LoadU(d8, b));
  if constexpr (kKernel == CodeKernel::kSquaredL2) left = right = hn::Sub(a, right);
  V32 unused = hn::Zero(d32);
  // Neighbouring products are added pairwise; where a second accumulator is used, its lanes join the first at
  // once.
  const V32 first = hn::ReorderWidenMulAccumulate(d32, left, right, sum, unused);
  return hn::Add(first, unused);
}

template <CodeKernel kKernel>
HWY_INLINE int32_t CodeTerm(uint8_t a, uint8_t b) {
  const int32_t difference = int32_t{a} - int32_t{b};
  return kKernel == CodeKernel::kDot ? int32_t{a} * int32_t{b} : difference * difference;
}

template <CodeKernel kKernel, size_t... kRow>
HWY_INLINE void MeasureCodes(const uint8_t* query, uint32_t, const uint8_t* const* rows, int64_t dim,
                             int32_t* out, std::index_sequence<kRow...>) {
#if HWY_TARGET == HWY_SCALAR
  ((out[kRow] = 0), ...);
  for (int64_t i = 0; i < dim; ++i) ((out[kRow] += CodeTerm<kKernel>(query[i], rows[kRow][i])), ...);
#else
  const hn::ScalableTag<int16_t> d16;
  const hn::Rebind<uint8_t, decltype(d16)> d8;
  const hn::RepartitionToWide<decltype(d16)> d32;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d16));
  hn::Vec<decltype(d32)> sums[sizeof...(kRow)] = {((void)kRow, hn::Zero(d32))...};
  int64_t i = 0;
  for (; i + n <= dim; i += n) {
    const auto q = hn::PromoteTo(d16, hn::LoadU(d8, query + i));
    ((sums[kRow] = AddCodes<kKernel>(d16, q, rows[kRow] + i, sums[kRow])), ...);
  }
  ((out[kRow] = hn::GetLane(hn::SumOfLanes(d32, sums[kRow]))), ...);
  for (; i < dim; ++i) ((out[kRow] += CodeTerm<kKernel>(query[i], rows[kRow][i])), ...);
#endif
}

#endif  // HWY_TARGET == HWY_AVX3_DL

// Asks for the first lines of a row; the hardware follows up on longer rows by itself.
HWY_INLINE void PrefetchCodes(const uint8_t* row, int64_t dim) {
  const int64_t size = HWY_MIN(dim, int64_t{16 * 64});
  for (int64_t at = 0; at < size; at += 64) hwy::Prefetch(row + at);
}

// Consecutive rows from the first on when `rows` is null.
template <CodeKernel kKernel>
void MeasureManyCodes(const uint8_t* query, const uint8_t* base, int64_t stride, int64_t dim,
                      const uint32_t* rows, int64_t count, int32_t* out) {
  constexpr int64_t kRows = 4;
  const auto row_at = [&](int64_t j) {
    return base + (rows == nullptr ? j : static_cast<int64_t>(rows[j])) * stride;
  };
  const uint32_t query_term = QueryTerm(kKernel, query, dim);
  if (rows != nullptr) {
    for (int64_t j = 0; j < HWY_MIN(kRows, count); ++j) PrefetchCodes(row_at(j), dim);
  }
  int64_t j = 0;
  for (; j + kRows <= count; j += kRows) {
    const uint8_t* pointers[kRows];
    for (int64_t r = 0; r < kRows; ++r) pointers[r] = row_at(j + r);
    if (rows != nullptr) {
      for (int64_t next = j + kRows; next < HWY_MIN(j + 2 * kRows, count); ++next)
        PrefetchCodes(row_at(next), dim);
    }
    MeasureCodes<kKernel>(query, query_term, pointers, dim, out + j, std::make_index_sequence<kRows>());
  }
  for (; j < count; ++j) {
    const uint8_t* pointers[1] = {row_at(j)};
    MeasureCodes<kKernel>(query, query_term, pointers, dim, out + j, std::make_index_sequence<1>());
  }
}

void MeasureCodeRows(CodeKernel kernel, const uint8_t* query, const uint8_t* base, int64_t stride,
                     int64_t dim, const uint32_t* rows, int64_t count, int32_t* out) {
  if (kernel == CodeKernel::kDot) {
    MeasureManyCodes<CodeKernel::kDot>(query, base, stride, dim, rows, count, out);
  } else {
    MeasureManyCodes<CodeKernel::kSquaredL2>(query, base, stride, dim, rows, count, out);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(MeasureCodeRows);

int32_t code_distance(CodeKernel kernel, const uint8_t* a, const uint8_t* b, int64_t dim) {
  int32_t out;
  HWY_DYNAMIC_DISPATCH(MeasureCodeRows)(kernel, a, b, 0, dim, nullptr, 1, &out);
  return out;
}

void code_distance_one_to_rows(CodeKernel kernel, const uint8_t* query, const uint8_t* base,
                               int64_t stride_bytes, int64_t dim, std::span<const uint32_t> rows,
                               int32_t* out) {
  // An empty list must not read as "consecutive rows".
  if (rows.empty()) return;
  HWY_DYNAMIC_DISPATCH(MeasureCodeRows)(kernel, query, base, stride_bytes, dim, rows.data(), std::ssize(rows),
                                        out);
}

void code_distance_one_to_many(CodeKernel kernel, const uint8_t* query, const uint8_t* base,
                               int64_t stride_bytes, int64_t dim, int64_t begin, int64_t end, int32_t* out) {
  HWY_DYNAMIC_DISPATCH(MeasureCodeRows)
  (kernel, query, base + begin * stride_bytes, stride_bytes, dim, nullptr, end - begin, out);
}

void code_distance_many_to_many(CodeKernel kernel, const uint8_t* queries, int64_t query_stride_bytes,
                                int64_t num_queries, const uint8_t* base, int64_t base_stride_bytes,
                                int64_t num_rows, int64_t dim, int32_t* out) {
  // Tiles of base rows stay in L1 while all queries pass.
  const int64_t tile = std::max(int64_t{4}, 24'576 / std::max(dim, int64_t{1}));
  for (int64_t begin = 0; begin < num_rows; begin += tile) {
    const int64_t end = std::min(begin + tile, num_rows);
    for (int64_t q = 0; q < num_queries; ++q) {
      code_distance_one_to_many(kernel, queries + q * query_stride_bytes, base, base_stride_bytes, dim, begin,
                                end, out + q * num_rows + begin);
    }
  }
}

}  // namespace whitney
#endif  // HWY_ONCE
