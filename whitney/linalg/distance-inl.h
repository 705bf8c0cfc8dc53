// The distance kernels, compiled once per SIMD level; see Highway's quick reference on files of this form. A
// kernel source of another folder includes this after "whitney/linalg/simd_targets.h" and
// <hwy/foreach_target.h>.
#if defined(WHITNEY_LINALG_DISTANCE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_LINALG_DISTANCE_INL_H_
#undef WHITNEY_LINALG_DISTANCE_INL_H_
#else
#define WHITNEY_LINALG_DISTANCE_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstdint>
#include <cstring>
#include <utility>

#include "whitney/core/dtype.h"
#include "whitney/linalg/distance.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Loads `count` < Lanes(d) values and zeros above them, touching no byte beyond.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> LoadTail(D d, const T* values, size_t count) {
#if HWY_TARGET <= HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(d, count), d, values);
#else
  // Lower levels have no masked load of every width that cannot fault.
  HWY_ALIGN T padded[HWY_MAX_BYTES / sizeof(T)] = {};
  std::memcpy(padded, values, count * sizeof(T));
  return hn::Load(d, padded);
#endif
}

// Loads one vector of float32 from rows of any of the three types.
template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const float* values) {
  return hn::LoadU(d, values);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const Float16* values) {
  const hn::Rebind<hwy::float16_t, D> half;
  return hn::PromoteTo(d, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(values)));
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloats(D d, const uint8_t* values) {
  const hn::Rebind<uint8_t, D> bytes;
  const hn::Rebind<int32_t, D> ints;
  return hn::ConvertTo(d, hn::PromoteTo(ints, hn::LoadU(bytes, values)));
}

template <class D>
HWY_INLINE hn::Vec<D> LoadFloatsTail(D d, const float* values, size_t count) {
  return LoadTail(d, values, count);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloatsTail(D d, const Float16* values, size_t count) {
  Float16 padded[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(padded, values, count * sizeof(Float16));
  return LoadFloats(d, padded);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadFloatsTail(D d, const uint8_t* values, size_t count) {
  uint8_t padded[HWY_MAX_BYTES / sizeof(float)] = {};
  std::memcpy(padded, values, count);
  return LoadFloats(d, padded);
}

template <Kernel kKernel, class V>
HWY_INLINE V AddTerm(V query, V row, V sum) {
  if constexpr (kKernel == Kernel::kInnerProduct) {
    return hn::MulAdd(query, row, sum);
  } else {
    const V difference = hn::Sub(query, row);
    return hn::MulAdd(difference, difference, sum);
  }
}

// Four chains per row hide the latency of a fused multiply-add.
template <class V>
struct Chains {
  V s0, s1, s2, s3;
};

template <Kernel kKernel, class D, class T, class V = hn::Vec<D>>
HWY_INLINE void AddFourTerms(D d, V q0, V q1, V q2, V q3, const T* row, Chains<V>& sums) {
  const size_t n = hn::Lanes(d);
  sums.s0 = AddTerm<kKernel>(q0, LoadFloats(d, row), sums.s0);
  sums.s1 = AddTerm<kKernel>(q1, LoadFloats(d, row + n), sums.s1);
  sums.s2 = AddTerm<kKernel>(q2, LoadFloats(d, row + 2 * n), sums.s2);
  sums.s3 = AddTerm<kKernel>(q3, LoadFloats(d, row + 3 * n), sums.s3);
}

// Measures `query` against sizeof...(kRow) rows at once. A row's sum is formed in the same order whatever the
// number of rows beside it, so every door below gives the same bits for the same pair.
template <Kernel kKernel, class Q, class T, size_t... kRow>
HWY_INLINE void MeasureRows(const Q* HWY_RESTRICT query, const T* const* rows, int64_t dim, float* out,
                            std::index_sequence<kRow...>) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  const V zero = hn::Zero(d);
  Chains<V> sums[sizeof...(kRow)] = {((void)kRow, Chains<V>{zero, zero, zero, zero})...};
  int64_t i = 0;
  for (; i + 4 * n <= dim; i += 4 * n) {
    const V q0 = LoadFloats(d, query + i), q1 = LoadFloats(d, query + i + n);
    const V q2 = LoadFloats(d, query + i + 2 * n), q3 = LoadFloats(d, query + i + 3 * n);
    (AddFourTerms<kKernel>(d, q0, q1, q2, q3, rows[kRow] + i, sums[kRow]), ...);
  }
  for (; i + n <= dim; i += n) {
    const V q0 = LoadFloats(d, query + i);
    ((sums[kRow].s0 = AddTerm<kKernel>(q0, LoadFloats(d, rows[kRow] + i), sums[kRow].s0)), ...);
  }
  if (i < dim) {
    const size_t rest = static_cast<size_t>(dim - i);
    const V q0 = LoadFloatsTail(d, query + i, rest);
    ((sums[kRow].s1 = AddTerm<kKernel>(q0, LoadFloatsTail(d, rows[kRow] + i, rest), sums[kRow].s1)), ...);
  }
  ((out[kRow] = hn::GetLane(hn::SumOfLanes(
        d, hn::Add(hn::Add(sums[kRow].s0, sums[kRow].s1), hn::Add(sums[kRow].s2, sums[kRow].s3))))),
   ...);
}

template <Kernel kKernel, size_t kRows, class Q, class T>
HWY_INLINE void MeasureRows(const Q* query, const T* const* rows, int64_t dim, float* out) {
  MeasureRows<kKernel>(query, rows, dim, out, std::make_index_sequence<kRows>());
}

// Rows measured at once: as many as the registers hold chains of, so that a load of the query serves them
// all.
HWY_INLINE constexpr size_t RowsAtOnce() {
  return HWY_TARGET <= HWY_AVX3 ? 4 : HWY_TARGET == HWY_SCALAR ? 1 : 2;
}

// Asks for the first lines of a row; the hardware follows up on longer rows by itself.
template <class T>
HWY_INLINE void PrefetchRow(const T* row, int64_t dim) {
  constexpr int64_t kMostBytes = 16 * 64;
  const char* bytes = reinterpret_cast<const char*>(row);
  const int64_t size = HWY_MIN(dim * static_cast<int64_t>(sizeof(T)), kMostBytes);
  for (int64_t at = 0; at < size; at += 64) hwy::Prefetch(bytes + at);
}

// out[j] = kernel(query, base row rows[j]); consecutive rows from the first on when `rows` is null.
template <Kernel kKernel, class T>
void MeasureMany(const float* query, const T* base, int64_t stride, int64_t dim, const uint32_t* rows,
                 int64_t count, float* out) {
  constexpr int64_t kRows = static_cast<int64_t>(RowsAtOnce());
  const auto row_at = [&](int64_t j) {
    return base + (rows == nullptr ? j : static_cast<int64_t>(rows[j])) * stride;
  };
  if (rows != nullptr) {
    for (int64_t j = 0; j < HWY_MIN(kRows, count); ++j) PrefetchRow(row_at(j), dim);
  }
  int64_t j = 0;
  for (; j + kRows <= count; j += kRows) {
    const T* pointers[kRows];
    for (int64_t r = 0; r < kRows; ++r) pointers[r] = row_at(j + r);
    if (rows != nullptr) {
      for (int64_t next = j + kRows; next < HWY_MIN(j + 2 * kRows, count); ++next)
        PrefetchRow(row_at(next), dim);
    }
    MeasureRows<kKernel, static_cast<size_t>(kRows)>(query, pointers, dim, out + j);
  }
  for (; j < count; ++j) {
    const T* pointers[1] = {row_at(j)};
    MeasureRows<kKernel, 1>(query, pointers, dim, out + j);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
