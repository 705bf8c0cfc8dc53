// Products of few rows with a panel of columns, the step of attention's matrix products, compiled once per
// SIMD level; for kernel sources, as linalg/vector_math-inl.h.
#if defined(WHITNEY_INFER_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef WHITNEY_INFER_PANEL_INL_H_
#undef WHITNEY_INFER_PANEL_INL_H_
#else
#define WHITNEY_INFER_PANEL_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cstdint>
#include <utility>

HWY_BEFORE_NAMESPACE();
namespace whitney::infer::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register block is kMostRows rows by two vectors: 24 of AVX-512's 32 registers, 12 of 16 below.
constexpr int64_t kMostRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

// Columns of a panel, which holds its terms one after the other: panel[t * PanelWidth() + c].
HWY_INLINE int64_t PanelWidth() { return 2 * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<float>())); }

template <size_t... kRow>
HWY_INLINE void MultiplyBlock(const float* HWY_RESTRICT a, int64_t a_stride, const float* HWY_RESTRICT panel,
                              int64_t terms, float* HWY_RESTRICT out, int64_t out_stride,
                              std::index_sequence<kRow...>) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  V sum0[sizeof...(kRow)] = {((void)kRow, hn::Zero(d))...};
  V sum1[sizeof...(kRow)] = {((void)kRow, hn::Zero(d))...};
  for (int64_t t = 0; t < terms; ++t) {
    const V b0 = hn::LoadU(d, panel), b1 = hn::LoadU(d, panel + n);
    const auto add = [&](V factor, V& low, V& high) HWY_ATTR {
      low = hn::MulAdd(factor, b0, low);
      high = hn::MulAdd(factor, b1, high);
    };
    (add(hn::Set(d, a[static_cast<int64_t>(kRow) * a_stride + t]), sum0[kRow], sum1[kRow]), ...);
    panel += 2 * n;
  }
  ((hn::StoreU(sum0[kRow], d, out + static_cast<int64_t>(kRow) * out_stride),
    hn::StoreU(sum1[kRow], d, out + static_cast<int64_t>(kRow) * out_stride + n)),
   ...);
}

template <size_t kRows>
HWY_NOINLINE void MultiplyRows(const float* a, int64_t a_stride, const float* panel, int64_t terms,
                               float* out, int64_t out_stride) {
  MultiplyBlock(a, a_stride, panel, terms, out, out_stride, std::make_index_sequence<kRows>());
}

// Writes the PanelWidth() columns of out: out row i = sum over t of a[i * a_stride + t] * term t of the
// panel. The terms of an element are added in order, whatever the number of rows.
HWY_INLINE void MultiplyPanel(const float* a, int64_t a_stride, int64_t rows, const float* panel,
                              int64_t terms, float* out, int64_t out_stride) {
  using Block = void (*)(const float*, int64_t, const float*, int64_t, float*, int64_t);
  static constexpr auto kBlocks = []<size_t... kRow>(std::index_sequence<kRow...>) {
    return std::array<Block, sizeof...(kRow)>{&MultiplyRows<kRow + 1>...};
  }(std::make_index_sequence<static_cast<size_t>(kMostRows)>());
  const int64_t num_blocks = (rows + kMostRows - 1) / kMostRows;
  for (int64_t block = 0; block < num_blocks; ++block) {
    const int64_t first = rows * block / num_blocks, last = rows * (block + 1) / num_blocks;
    kBlocks[static_cast<size_t>(last - first - 1)](a + first * a_stride, a_stride, panel, terms,
                                                   out + first * out_stride, out_stride);
  }
}

#if HWY_TARGET != HWY_SCALAR
// Loads four values of every fourth row; 16-byte block i holds those of row 4 * i.
template <class D>
HWY_INLINE hn::Vec<D> LoadFours(D d, const float* rows, int64_t stride) {
  if constexpr (hn::MaxLanes(d) <= 4) {
    return hn::LoadU(d, rows);
  } else {
    const hn::Half<D> half;
    const int64_t skipped = static_cast<int64_t>(hn::MaxLanes(half)) * stride;
    return hn::Combine(d, LoadFours(half, rows + skipped, stride), LoadFours(half, rows, stride));
  }
}
#endif

// Writes PanelWidth() packed rows of `terms` values as a panel.
HWY_INLINE void TransposePanel(const float* HWY_RESTRICT rows, int64_t terms, float* HWY_RESTRICT panel) {
  const int64_t width = PanelWidth();
  int64_t t = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  for (; t + 4 <= terms; t += 4) {
    for (int64_t half = 0; half < 2; ++half) {
      const float* from = rows + half * n * terms + t;
      const auto r0 = LoadFours(d, from, terms), r1 = LoadFours(d, from + terms, terms);
      const auto r2 = LoadFours(d, from + 2 * terms, terms), r3 = LoadFours(d, from + 3 * terms, terms);
      // Transposes 4 x 4 within each 16-byte block.
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
      float* to = panel + t * width + half * n;
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + width);
      hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * width);
      hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * width);
    }
  }
#endif
  for (; t < terms; ++t) {
    for (int64_t c = 0; c < width; ++c) panel[t * width + c] = rows[c * terms + t];
  }
}

}  // namespace whitney::infer::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // WHITNEY_INFER_PANEL_INL_H_
