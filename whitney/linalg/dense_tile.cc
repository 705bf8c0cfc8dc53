#include "whitney/linalg/dense_tile.h"

#include <algorithm>
#include <array>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/dense_tile.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register block is kMostRows rows of a by two vectors of rows of b: 24 of AVX-512's 32 registers, 12 of 16
// below.
constexpr int64_t kMostRows = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Columns of the output in a register block.
HWY_INLINE int64_t PanelWidth() { return 2 * static_cast<int64_t>(hn::Lanes(D())); }

template <Kernel kKernel>
HWY_INLINE V AddPairTerm(V a, V b, V sum) {
  if constexpr (kKernel == Kernel::kInnerProduct) {
    return hn::MulAdd(a, b, sum);
  } else {
    const V difference = hn::Sub(a, b);
    return hn::MulAdd(difference, difference, sum);
  }
}

template <Kernel kKernel>
HWY_INLINE void AddTerms(V a, V b0, V b1, V& sum0, V& sum1) {
  sum0 = AddPairTerm<kKernel>(a, b0, sum0);
  sum1 = AddPairTerm<kKernel>(a, b1, sum1);
}

HWY_INLINE void StoreRow(V sum0, V sum1, bool add, int64_t width, float* out) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  if (width == 2 * n) {
    if (add) {
      sum0 = hn::Add(hn::LoadU(d, out), sum0);
      sum1 = hn::Add(hn::LoadU(d, out + n), sum1);
    }
    hn::StoreU(sum0, d, out);
    hn::StoreU(sum1, d, out + n);
    return;
  }
  HWY_ALIGN float values[2 * HWY_MAX_BYTES / sizeof(float)];
  hn::Store(sum0, d, values);
  hn::Store(sum1, d, values + n);
  for (int64_t j = 0; j < width; ++j) out[j] = add ? out[j] + values[j] : values[j];
}

// a: terms x rows, panel: terms x PanelWidth(). Writes (or adds to) the first `width` columns of each row of
// out.
template <Kernel kKernel, size_t... kRow>
HWY_INLINE void MultiplyBlock(const float* HWY_RESTRICT a, const float* HWY_RESTRICT panel, int64_t terms,
                              float* out, int64_t out_stride, bool add, int64_t width,
                              std::index_sequence<kRow...>) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  constexpr int64_t kRows = sizeof...(kRow);
  V sum0[kRows] = {((void)kRow, hn::Zero(d))...};
  V sum1[kRows] = {((void)kRow, hn::Zero(d))...};
  for (int64_t t = 0; t < terms; ++t) {
    const V b0 = hn::Load(d, panel), b1 = hn::Load(d, panel + n);
    (AddTerms<kKernel>(hn::Set(d, a[kRow]), b0, b1, sum0[kRow], sum1[kRow]), ...);
    a += kRows;
    panel += 2 * n;
  }
  (StoreRow(sum0[kRow], sum1[kRow], add, width, out + static_cast<int64_t>(kRow) * out_stride), ...);
}

template <Kernel kKernel, size_t kRows>
HWY_NOINLINE void MultiplyRows(const float* a, const float* panel, int64_t terms, float* out,
                               int64_t out_stride, bool add, int64_t width) {
  MultiplyBlock<kKernel>(a, panel, terms, out, out_stride, add, width, std::make_index_sequence<kRows>());
}

template <Kernel kKernel>
void MultiplyBlockOf(int64_t rows, const float* a, const float* panel, int64_t terms, float* out,
                     int64_t out_stride, bool add, int64_t width) {
  using Block = void (*)(const float*, const float*, int64_t, float*, int64_t, bool, int64_t);
  static constexpr auto kBlocks = []<size_t... kRow>(std::index_sequence<kRow...>) {
    return std::array<Block, sizeof...(kRow)>{&MultiplyRows<kKernel, kRow + 1>...};
  }(std::make_index_sequence<static_cast<size_t>(kMostRows)>());
  kBlocks[static_cast<size_t>(rows - 1)](a, panel, terms, out, out_stride, add, width);
}

#if HWY_TARGET != HWY_SCALAR
// Loads four values of each of Lanes(d) / 4 rows; 16-byte block i holds those of row 4 * i + j of the panel.
template <class DD>
HWY_INLINE hn::Vec<DD> LoadFours(DD d, const float* const* rows, int64_t at) {
  if constexpr (hn::MaxLanes(d) <= 4) {
    return hn::LoadU(d, rows[0] + at);
  } else {
    const hn::Half<DD> half;
    constexpr size_t kHigh = hn::MaxLanes(half);
    return hn::Combine(d, LoadFours(half, rows + kHigh, at), LoadFours(half, rows, at));
  }
}
#endif

// Writes terms [begin, end) of PanelWidth() rows, transposed: panel[t * width + c] = rows[c][begin + t].
HWY_INLINE void PackPanel(const float* const* rows, int64_t begin, int64_t end, float* HWY_RESTRICT panel) {
  const int64_t width = PanelWidth();
  int64_t t = begin;
#if HWY_TARGET != HWY_SCALAR
  const D d;
  const hn::Repartition<double, D> pairs;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  for (; t + 4 <= end; t += 4) {
    float* out = panel + (t - begin) * width;
    for (int64_t half = 0; half < 2; ++half) {
      const float* const* group = rows + half * n;
      const V r0 = LoadFours(d, group, t), r1 = LoadFours(d, group + 1, t);
      const V r2 = LoadFours(d, group + 2, t), r3 = LoadFours(d, group + 3, t);
      // Transposes 4 x 4 within each 16-byte block.
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
      float* to = out + half * n;
      hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
      hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + width);
      hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * width);
      hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * width);
    }
  }
#endif
  for (; t < end; ++t) {
    for (int64_t c = 0; c < width; ++c) panel[(t - begin) * width + c] = rows[c][t];
  }
}

int64_t MostRows() { return kMostRows; }

int64_t PanelFloats() { return PanelWidth() * kTermBlock; }

void MultiplyTile(Kernel kernel, const PackedRows& a, const MatrixView& b, float* panel, float* out,
                  int64_t out_stride) {
  const int64_t width = PanelWidth(), num_panels = (b.rows + width - 1) / width;
  const int64_t num_blocks = (a.rows() + kMostRows - 1) / kMostRows;
  const int64_t num_term_blocks = (b.cols + kTermBlock - 1) / kTermBlock;
  for (int64_t t = 0; t < num_term_blocks; ++t) {
    const int64_t begin = b.cols * t / num_term_blocks, end = b.cols * (t + 1) / num_term_blocks;
    const int64_t terms = end - begin;
    for (int64_t p = 0; p < num_panels; ++p) {
      const float* rows[2 * HWY_MAX_BYTES / sizeof(float)];
      // The last panel repeats the last row; what comes of it is not stored.
      for (int64_t c = 0; c < width; ++c) rows[c] = b.row<float>(HWY_MIN(p * width + c, b.rows - 1)).data();
      PackPanel(rows, begin, end, panel);
      const int64_t columns = HWY_MIN(width, b.rows - p * width);
      for (int64_t block = 0; block < num_blocks; ++block) {
        const int64_t first = a.rows() * block / num_blocks, last = a.rows() * (block + 1) / num_blocks;
        const float* packed = a.data() + first * a.cols() + begin * (last - first);
        float* to = out + first * out_stride + p * width;
        if (kernel == Kernel::kInnerProduct) {
          MultiplyBlockOf<Kernel::kInnerProduct>(last - first, packed, panel, terms, to, out_stride,
                                                 begin > 0, columns);
        } else {
          MultiplyBlockOf<Kernel::kSquaredL2>(last - first, packed, panel, terms, to, out_stride, begin > 0,
                                              columns);
        }
      }
    }
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(MostRows);
HWY_EXPORT(PanelFloats);
HWY_EXPORT(MultiplyTile);

// Blocks of nearly equal height, each terms x rows, one after the other.
void PackedRows::pack(const MatrixView& rows) {
  WHITNEY_CHECK(rows.dtype == DType::kF32, "dense products take F32, not ", name_of(rows.dtype));
  rows_ = rows.rows;
  cols_ = rows.cols;
  data_.resize(static_cast<size_t>(rows_ * cols_));
  const int64_t most_rows = HWY_DYNAMIC_DISPATCH(MostRows)();
  const int64_t num_blocks = (rows_ + most_rows - 1) / most_rows;
  for (int64_t block = 0; block < num_blocks; ++block) {
    const int64_t first = rows_ * block / num_blocks, last = rows_ * (block + 1) / num_blocks;
    float* to = data_.data() + first * cols_;
    for (int64_t r = first; r < last; ++r) {
      const float* from = rows.row<float>(r).data();
      for (int64_t t = 0; t < cols_; ++t) to[t * (last - first) + r - first] = from[t];
    }
  }
}

void multiply_tile(Kernel kernel, const PackedRows& a, const MatrixView& b, TileScratch& scratch, float* out,
                   int64_t out_stride) {
  WHITNEY_CHECK(a.cols() == b.cols, "widths ", a.cols(), " and ", b.cols);
  if (a.rows() == 0 || b.rows == 0) return;
  if (b.cols == 0) {
    for (int64_t i = 0; i < a.rows(); ++i) std::fill_n(out + i * out_stride, b.rows, 0.0f);
    return;
  }
  // One panel is used at a time, so it stays in L1 while the rows of a stream past it.
  const int64_t floats = HWY_DYNAMIC_DISPATCH(PanelFloats)();
  if (scratch.panel.size() < floats) scratch.panel = Array<float>(floats);
  HWY_DYNAMIC_DISPATCH(MultiplyTile)(kernel, a, b, scratch.panel.mutable_data(), out, out_stride);
}

}  // namespace whitney
#endif  // HWY_ONCE
