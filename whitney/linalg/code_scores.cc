#include "whitney/linalg/code_scores.h"

#include <utility>

#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/code_scores.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

#ifndef WHITNEY_CODE_SUM
#define WHITNEY_CODE_SUM
namespace whitney {

// What is summed over the dimensions, of the code c at i.
enum class CodeSum { kWeighted, kSquaredL2, kRowSquaredL2 };

// first: weights or target; second: steps by dimension; offsets, steps: by row.
struct CodeSumArguments {
  const float* first;
  const float* second;
  const float* offsets;
  const float* steps;
};

}  // namespace whitney
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The constants of one row, in all lanes.
template <class V>
struct RowConstants {
  V offset, step;
};

template <CodeSum kSum, class D, class V>
HWY_INLINE V AddTerm(D d, V code, const CodeSumArguments& arguments, int64_t i, const RowConstants<V>& row,
                     V sum) {
  const V first = hn::LoadU(d, arguments.first + i);
  if constexpr (kSum == CodeSum::kWeighted) return hn::MulAdd(code, first, sum);
  V difference;
  if constexpr (kSum == CodeSum::kSquaredL2)
    difference = hn::NegMulAdd(hn::LoadU(d, arguments.second + i), code, first);
  else
    difference = hn::NegMulAdd(row.step, code, hn::Sub(first, row.offset));
  return hn::MulAdd(difference, difference, sum);
}

// Sums of kRows rows at once, which share the loads of the arguments: 4 rows keep the adders busy. What
// limits it is the widening of the codes, one load and one conversion for each lane's worth.
template <CodeSum kSum, int kBits, class D, size_t... kRow>
HWY_INLINE void SumRows(D d, const PackedCodes& codes, int64_t first_row, const CodeSumArguments& arguments,
                        float* out, std::index_sequence<kRow...>) {
  using V = hn::Vec<D>;
  const hn::RebindToSigned<D> di;
  const hn::Rebind<uint8_t, D> d8;
  const auto n = static_cast<int64_t>(hn::Lanes(d));
  const uint8_t* const rows[] = {codes.base +
                                 (first_row + static_cast<int64_t>(kRow)) * codes.stride_bytes...};
  RowConstants<V> constants[sizeof...(kRow)] = {((void)kRow, RowConstants<V>{hn::Zero(d), hn::Zero(d)})...};
  if constexpr (kSum == CodeSum::kRowSquaredL2) {
    ((constants[kRow] = {hn::Set(d, arguments.offsets[first_row + static_cast<int64_t>(kRow)]),
                         hn::Set(d, arguments.steps[first_row + static_cast<int64_t>(kRow)])}),
     ...);
  }
  V sums[sizeof...(kRow)] = {((void)kRow, hn::Zero(d))...};
  const int64_t half = (codes.dim + 1) / 2, whole = kBits == 8 ? codes.dim : codes.dim - half;
  int64_t i = 0;
  for (; i + n <= whole; i += n) {
    const auto add = [&](size_t r) HWY_ATTR {
      const auto raw = hn::PromoteTo(di, hn::LoadU(d8, rows[r] + i));
      if constexpr (kBits == 8) {
        sums[r] = AddTerm<kSum>(d, hn::ConvertTo(d, raw), arguments, i, constants[r], sums[r]);
      } else {
        const auto low = hn::ConvertTo(d, hn::And(raw, hn::Set(di, 15)));
        const auto high = hn::ConvertTo(d, hn::ShiftRight<4>(raw));
        sums[r] = AddTerm<kSum>(d, low, arguments, i, constants[r], sums[r]);
        sums[r] = AddTerm<kSum>(d, high, arguments, half + i, constants[r], sums[r]);
      }
    };
    (add(kRow), ...);
  }
  float totals[] = {hn::GetLane(hn::SumOfLanes(d, sums[kRow]))...};
  const hn::CappedTag<float, 1> one;
  const int64_t bytes = kBits == 8 ? codes.dim : half;
  const auto add_rest = [&](size_t r) HWY_ATTR {
    const RowConstants<hn::Vec<decltype(one)>> row{hn::Set(one, hn::GetLane(constants[r].offset)),
                                                   hn::Set(one, hn::GetLane(constants[r].step))};
    auto sum = hn::Set(one, totals[r]);
    for (int64_t j = i; j < bytes; ++j) {
      const uint8_t raw = rows[r][j];
      const auto low = hn::Set(one, static_cast<float>(kBits == 8 ? raw : raw & 15));
      sum = AddTerm<kSum>(one, low, arguments, j, row, sum);
      if (kBits == 4 && half + j < codes.dim)
        sum = AddTerm<kSum>(one, hn::Set(one, static_cast<float>(raw >> 4)), arguments, half + j, row, sum);
    }
    totals[r] = hn::GetLane(sum);
  };
  if (i < bytes) (add_rest(kRow), ...);
  ((out[first_row + static_cast<int64_t>(kRow)] = totals[kRow]), ...);
}

template <CodeSum kSum, int kBits>
void SumAllRows(const PackedCodes& codes, int64_t count, const CodeSumArguments& arguments, float* out) {
  const hn::ScalableTag<float> d;
  int64_t row = 0;
  for (; row + 4 <= count; row += 4)
    SumRows<kSum, kBits>(d, codes, row, arguments, out, std::make_index_sequence<4>());
  for (; row < count; ++row)
    SumRows<kSum, kBits>(d, codes, row, arguments, out, std::make_index_sequence<1>());
}

template <CodeSum kSum>
void SumBits(const PackedCodes& codes, int64_t count, const CodeSumArguments& arguments, float* out) {
  if (codes.bits == 8)
    SumAllRows<kSum, 8>(codes, count, arguments, out);
  else
    SumAllRows<kSum, 4>(codes, count, arguments, out);
}

void SumCodes(CodeSum sum, const PackedCodes& codes, int64_t count, const CodeSumArguments& arguments,
              float* out) {
  switch (sum) {
    case CodeSum::kWeighted:
      return SumBits<CodeSum::kWeighted>(codes, count, arguments, out);
    case CodeSum::kSquaredL2:
      return SumBits<CodeSum::kSquaredL2>(codes, count, arguments, out);
    case CodeSum::kRowSquaredL2:
      return SumBits<CodeSum::kRowSquaredL2>(codes, count, arguments, out);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(SumCodes);

void pack_codes(const uint8_t* values, int64_t dim, int bits, uint8_t* packed) {
  const int64_t half = (dim + 1) / 2, bytes = packed_code_bytes(dim, bits);
  for (int64_t j = 0; j < bytes; ++j) {
    const int high = bits == 4 && half + j < dim ? values[half + j] : 0;
    packed[j] = static_cast<uint8_t>(values[j] | high << 4);
  }
}

void unpack_codes(const uint8_t* packed, int64_t dim, int bits, uint8_t* values) {
  const int64_t half = (dim + 1) / 2, bytes = packed_code_bytes(dim, bits);
  for (int64_t j = 0; j < bytes; ++j) {
    values[j] = static_cast<uint8_t>(bits == 8 ? packed[j] : packed[j] & 15);
    if (bits == 4 && half + j < dim) values[half + j] = static_cast<uint8_t>(packed[j] >> 4);
  }
}

void weighted_code_sums(const PackedCodes& codes, int64_t count, const float* weights, float* out) {
  HWY_DYNAMIC_DISPATCH(SumCodes)
  (CodeSum::kWeighted, codes, count, {weights, nullptr, nullptr, nullptr}, out);
}

void code_squared_l2(const PackedCodes& codes, int64_t count, const float* target, const float* steps,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(SumCodes)(CodeSum::kSquaredL2, codes, count, {target, steps, nullptr, nullptr}, out);
}

void row_code_squared_l2(const PackedCodes& codes, int64_t count, const float* target, const float* offsets,
                         const float* steps, float* out) {
  HWY_DYNAMIC_DISPATCH(SumCodes)
  (CodeSum::kRowSquaredL2, codes, count, {target, nullptr, offsets, steps}, out);
}

}  // namespace whitney
#endif  // HWY_ONCE
