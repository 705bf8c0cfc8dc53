#include "whitney/linalg/strided_product.h"

#include <array>
#include <utility>

#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/strided_product.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register block is kMostRows rows by kMostVectors vectors of columns: 24 sums, four vectors of B and a
// factor are 29 of AVX-512's 32 registers; 12 + 2 + 1 of the 16 below. With AVX-512 a row of 64 columns is
// one block, so that each value of A is read once.
constexpr int64_t kMostRows = 6;
constexpr size_t kMostVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

template <class D, size_t... kRow, size_t... kVector>
HWY_INLINE void MultiplyBlock(D d, const StridedProduct<hn::TFromD<D>>& in, int64_t row, int64_t column,
                              std::index_sequence<kRow...>, std::index_sequence<kVector...>) {
  using T = hn::TFromD<D>;
  using V = hn::Vec<D>;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  V sums[sizeof...(kRow)][sizeof...(kVector)];
  const T* bias = in.bias;
  for (auto& sum : sums) {
    ((sum[kVector] =
          bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + column + static_cast<int64_t>(kVector) * n)),
     ...);
  }
  const T* HWY_RESTRICT a = in.a + row * in.a_row;
  const T* HWY_RESTRICT b = in.b + column;
  const int64_t a_row = in.a_row, a_term = in.a_term, b_stride = in.b_stride;
  for (int64_t t = 0; t < in.terms; ++t, a += a_term, b += b_stride) {
    const V values[] = {hn::LoadU(d, b + static_cast<int64_t>(kVector) * n)...};
    const auto add_row = [&](V* HWY_RESTRICT sum, V factor) HWY_ATTR {
      ((sum[kVector] = hn::MulAdd(factor, values[kVector], sum[kVector])), ...);
    };
    (add_row(sums[kRow], hn::Set(d, a[static_cast<int64_t>(kRow) * a_row])), ...);
  }
  T* out = in.out + row * in.out_stride + column;
  for (const auto& sum : sums) {
    if (in.add) {
      (hn::StoreU(hn::Add(hn::LoadU(d, out + static_cast<int64_t>(kVector) * n), sum[kVector]), d,
                  out + static_cast<int64_t>(kVector) * n),
       ...);
    } else {
      (hn::StoreU(sum[kVector], d, out + static_cast<int64_t>(kVector) * n), ...);
    }
    out += in.out_stride;
  }
}

template <class D, size_t kRows, size_t kVectors>
HWY_NOINLINE void MultiplyRows(const StridedProduct<hn::TFromD<D>>& in, int64_t row, int64_t column) {
  MultiplyBlock(D(), in, row, column, std::make_index_sequence<kRows>(),
                std::make_index_sequence<kVectors>());
}

// What is asked for before a block of rows, of the memory that comes next.
template <class T>
HWY_INLINE void AskAhead(const StridedProduct<T>& in, int64_t block, int64_t num_blocks) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  for (const std::span<const T>& next : in.ahead) {
    const int64_t lines = (static_cast<int64_t>(next.size()) + kLine - 1) / kLine;
    for (int64_t line = lines * block / num_blocks; line < lines * (block + 1) / num_blocks; ++line) {
      __builtin_prefetch(next.data() + line * kLine, 0, 2);
    }
  }
}

// All rows of the columns of kVectors vectors.
template <size_t kVectors, class D>
void MultiplyColumns(D, const StridedProduct<hn::TFromD<D>>& in, int64_t column) {
  using Block = void (*)(const StridedProduct<hn::TFromD<D>>&, int64_t, int64_t);
  static constexpr auto kBlocks = []<size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<Block, sizeof...(kIndex)>{&MultiplyRows<D, kIndex + 1, kVectors>...};
  }(std::make_index_sequence<static_cast<size_t>(kMostRows)>());
  const int64_t num_blocks = (in.rows + kMostRows - 1) / kMostRows;
  for (int64_t block = 0; block < num_blocks; ++block) {
    if (column == 0) AskAhead(in, block, num_blocks);
    const int64_t first = in.rows * block / num_blocks, last = in.rows * (block + 1) / num_blocks;
    kBlocks[static_cast<size_t>(last - first - 1)](in, first, column);
  }
}

template <class T>
void Multiply(const StridedProduct<T>& in) {
  const hn::ScalableTag<T> d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d)), wide = static_cast<int64_t>(kMostVectors) * n;
  int64_t column = 0;
  for (; column + wide <= in.cols; column += wide) MultiplyColumns<kMostVectors>(d, in, column);
  for (; column + n <= in.cols; column += n) MultiplyColumns<1>(d, in, column);
  const hn::CappedTag<T, 4> d4;
  const int64_t n4 = static_cast<int64_t>(hn::Lanes(d4));
  for (; column + n4 <= in.cols; column += n4) MultiplyColumns<1>(d4, in, column);
  for (; column < in.cols; ++column) MultiplyColumns<1>(hn::CappedTag<T, 1>(), in, column);
}

void MultiplyFloats(const StridedProduct<float>& in) { Multiply(in); }
void MultiplyDoubles(const StridedProduct<double>& in) { Multiply(in); }

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(MultiplyFloats);
HWY_EXPORT(MultiplyDoubles);

void multiply_strided(const StridedProduct<float>& product) {
  check_simd_level();
  HWY_DYNAMIC_DISPATCH(MultiplyFloats)(product);
}

void multiply_strided(const StridedProduct<double>& product) {
  check_simd_level();
  HWY_DYNAMIC_DISPATCH(MultiplyDoubles)(product);
}

}  // namespace whitney
#endif  // HWY_ONCE
