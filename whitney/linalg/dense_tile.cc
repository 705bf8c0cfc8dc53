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
#include <hwy/cache_control.h>

#include "whitney/linalg/epilogue-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A register block is kMostRows rows of a by kMostVectors vectors of rows of b: 27 sums, three vectors of b
// and one factor fill 31 of AVX-512's 32 registers; 12 + 2 + 1 of the 16 below. It reads 12 (8) vectors for
// 27 (12) multiply-adds, so that loads do not limit it.
constexpr int64_t kMostRows = HWY_TARGET <= HWY_AVX3 ? 9 : 6;
constexpr int64_t kMostVectors = HWY_TARGET <= HWY_AVX3 ? 3 : 2;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

template <Kernel kKernel>
HWY_INLINE V AddPairTerm(V a, V b, V sum) {
  if constexpr (kKernel == Kernel::kInnerProduct) {
    return hn::MulAdd(a, b, sum);
  } else {
    const V difference = hn::Sub(a, b);
    return hn::MulAdd(difference, difference, sum);
  }
}

// Cache lines of weights that are wanted soon.
struct Lines {
  static constexpr int64_t kFloats = 16;  // a line

  const float* first = nullptr;
  int64_t count = 0;

  // Those for block b of so many.
  Lines part(int64_t block, int64_t num_blocks) const {
    const int64_t begin = count * block / num_blocks;
    return {first + begin * kFloats, count * (block + 1) / num_blocks - begin};
  }
};

// Where a register block is written: the first `width` columns of each row, stored or added, with the bias
// where there is one. `ahead`: what is asked for in L2 while the panel is multiplied.
struct Place {
  float* out;
  int64_t stride;
  int64_t width;
  bool add;
  const float* bias;
  Lines ahead;
};

// A block asks for lines after every so many terms. Asked for all at once they would fill the queue of
// misses, and the loads of this block would wait behind them.
constexpr int64_t kTermsBetween = 8;

HWY_INLINE void StoreSum(V sum, int64_t column, const Place& place, float* out) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d)), count = place.width - column;
  if (count <= 0) return;
  if (count >= n) {
    if (place.add) sum = hn::Add(hn::LoadU(d, out + column), sum);
    if (place.bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, place.bias + column));
    hn::StoreU(sum, d, out + column);
    return;
  }
  const size_t tail = static_cast<size_t>(count);
  if (place.add) sum = hn::Add(LoadTail(d, out + column, tail), sum);
  if (place.bias != nullptr) sum = hn::Add(sum, LoadTail(d, place.bias + column, tail));
  StoreTail(sum, d, out + column, tail);
}

template <Kernel kKernel, size_t... kVector>
HWY_INLINE void AddTerm(V a, const V* HWY_RESTRICT b, V* HWY_RESTRICT sums, std::index_sequence<kVector...>) {
  ((sums[kVector] = AddPairTerm<kKernel>(a, b[kVector], sums[kVector])), ...);
}

template <size_t... kVector>
HWY_INLINE void StoreSums(const V* sums, const Place& place, float* out, std::index_sequence<kVector...>) {
  const int64_t n = static_cast<int64_t>(hn::Lanes(D()));
  (StoreSum(sums[kVector], static_cast<int64_t>(kVector) * n, place, out), ...);
}

// a: rows a_stride apart, panel: terms panel_width apart.
template <Kernel kKernel, size_t... kRow, size_t... kVector>
HWY_INLINE void MultiplyBlock(const float* HWY_RESTRICT a, int64_t a_stride, const float* HWY_RESTRICT panel,
                              int64_t panel_width, int64_t terms, const Place& place,
                              std::index_sequence<kRow...>, std::index_sequence<kVector...> vectors) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  V sums[sizeof...(kRow)][sizeof...(kVector)];
  for (auto& row : sums) ((row[kVector] = hn::Zero(d)), ...);
  for (int64_t row = 0; row < static_cast<int64_t>(sizeof...(kRow)); ++row) {
    (hwy::Prefetch(place.out + row * place.stride + static_cast<int64_t>(kVector) * n), ...);
  }
  const float* ahead = place.ahead.first;
  const float* const ahead_end = ahead + place.ahead.count * Lines::kFloats;
  const int64_t step = (place.ahead.count * kTermsBetween + terms - 1) / terms * Lines::kFloats;
  for (int64_t begin = 0; begin < terms; begin += kTermsBetween) {
    const float* const stop = HWY_MIN(ahead + step, ahead_end);
    for (; ahead < stop; ahead += Lines::kFloats) __builtin_prefetch(ahead, 0, 2);
    const int64_t end = HWY_MIN(begin + kTermsBetween, terms);
    for (int64_t t = begin; t < end; ++t) {
      const V b[] = {hn::Load(d, panel + static_cast<int64_t>(kVector) * n)...};
      (AddTerm<kKernel>(hn::Set(d, a[static_cast<int64_t>(kRow) * a_stride + t]), b, sums[kRow], vectors),
       ...);
      panel += panel_width;
    }
  }
  (StoreSums(sums[kRow], place, place.out + static_cast<int64_t>(kRow) * place.stride, vectors), ...);
}

template <Kernel kKernel, size_t kRows, size_t kVectors>
HWY_NOINLINE void MultiplyRows(const float* a, int64_t a_stride, const float* panel, int64_t panel_width,
                               int64_t terms, const Place& place) {
  MultiplyBlock<kKernel>(a, a_stride, panel, panel_width, terms, place, std::make_index_sequence<kRows>(),
                         std::make_index_sequence<kVectors>());
}

using Block = void (*)(const float*, int64_t, const float*, int64_t, int64_t, const Place&);

template <Kernel kKernel>
Block BlockOf(int64_t rows, int64_t vectors) {
  static constexpr auto kBlocks = []<size_t... kIndex>(std::index_sequence<kIndex...>) {
    return std::array<Block, sizeof...(kIndex)>{
        &MultiplyRows<kKernel, kIndex / kMostVectors + 1, kIndex % kMostVectors + 1>...};
  }(std::make_index_sequence<static_cast<size_t>(kMostRows * kMostVectors)>());
  return kBlocks[static_cast<size_t>((rows - 1) * kMostVectors + vectors - 1)];
}

// ---- packing ----

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

// Writes terms [t, t + 4) of Lanes(d) rows, transposed.
HWY_INLINE void PackFours(const float* const* rows, int64_t t, int64_t width, float* HWY_RESTRICT to) {
  const D d;
  const hn::Repartition<double, D> pairs;
  const V r0 = LoadFours(d, rows, t), r1 = LoadFours(d, rows + 1, t);
  const V r2 = LoadFours(d, rows + 2, t), r3 = LoadFours(d, rows + 3, t);
  // Transposes 4 x 4 within each 16-byte block.
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
  hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, to);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, to + width);
  hn::Store(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, to + 2 * width);
  hn::Store(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, to + 3 * width);
}
#endif

// panel[t * width + c] = rows[c][t].
void PackPanel(const float* const* rows, int64_t width, int64_t terms, float* HWY_RESTRICT panel) {
  int64_t t = 0;
#if HWY_TARGET != HWY_SCALAR
  const int64_t n = static_cast<int64_t>(hn::Lanes(D()));
  for (; t + 4 <= terms; t += 4) {
    for (int64_t c = 0; c < width; c += n) PackFours(rows + c, t, width, panel + t * width + c);
  }
#endif
  for (; t < terms; ++t) {
    for (int64_t c = 0; c < width; ++c) panel[t * width + c] = rows[c][t];
  }
}

// ---- a tile ----

// What is asked of the panels [first, last) of b.
struct Task {
  int64_t first, last;
  const float* bias;
  Epilogue epilogue;
  float* out;
  int64_t out_stride;
  Lines next;  // wanted behind the last panel
};

HWY_INLINE Lines LinesOf(const float* values, int64_t count) { return {values, count / Lines::kFloats}; }

// What is read after terms [begin, end) of panel p: the next panel, the next terms of the first one, or what
// follows the task. The blocks of rows ask for it in turn: from L3 or memory, the first of them would wait.
HWY_INLINE Lines NextLines(const PackedRows& b, const Task& task, int64_t p, int64_t begin, int64_t end) {
  if (p + 1 < task.last) {
    const int64_t width = b.panel_width(p + 1);
    return LinesOf(b.panel(p + 1) + begin * width, (end - begin) * width);
  }
  if (end == b.cols()) return task.next;
  const int64_t width = b.panel_width(task.first);
  return LinesOf(b.panel(task.first) + end * width, HWY_MIN(end - begin, b.cols() - end) * width);
}

template <Kernel kKernel>
void MultiplyPanelsOf(const MatrixView& a, const PackedRows& b, const Task& task) {
  const int64_t n = static_cast<int64_t>(hn::Lanes(D())), step = kMostVectors * n;
  const int64_t num_blocks = (a.rows + kMostRows - 1) / kMostRows;
  const int64_t num_term_blocks = (b.cols() + kTermBlock - 1) / kTermBlock;
  for (int64_t t = 0; t < num_term_blocks; ++t) {
    const int64_t begin = b.cols() * t / num_term_blocks, end = b.cols() * (t + 1) / num_term_blocks;
    const bool first_terms = begin == 0, last_terms = end == b.cols();
    for (int64_t p = task.first; p < task.last; ++p) {
      const int64_t width = b.panel_width(p), first_column = (p - task.first) * PackedRows::kPanelRows;
      const int64_t columns = HWY_MIN(PackedRows::kPanelRows, b.rows() - p * PackedRows::kPanelRows);
      const Lines ahead = NextLines(b, task, p, begin, end);
      for (int64_t c = 0; c < columns; c += step) {
        const float* panel = b.panel(p) + begin * width + c;
        const int64_t stored = HWY_MIN(step, columns - c), vectors = (stored + n - 1) / n;
        const float* bias =
            last_terms && task.bias != nullptr ? task.bias + p * PackedRows::kPanelRows + c : nullptr;
        for (int64_t block = 0; block < num_blocks; ++block) {
          const int64_t first = a.rows * block / num_blocks, last = a.rows * (block + 1) / num_blocks;
          const Place place{task.out + first * task.out_stride + first_column + c,
                            task.out_stride,
                            stored,
                            !first_terms || task.epilogue == Epilogue::kAdd,
                            bias,
                            c == 0 ? ahead.part(block, num_blocks) : Lines{}};
          BlockOf<kKernel>(last - first, vectors)(a.row<float>(first).data() + begin, a.stride, panel, width,
                                                  end - begin, place);
          if (last_terms) ActivateBlock(task.epilogue, place.out, last - first, stored, task.out_stride);
        }
      }
    }
  }
}

void MultiplyPanels(Kernel kernel, const MatrixView& a, const PackedRows& b, const Task& task) {
  if (kernel == Kernel::kInnerProduct) {
    MultiplyPanelsOf<Kernel::kInnerProduct>(a, b, task);
  } else {
    MultiplyPanelsOf<Kernel::kSquaredL2>(a, b, task);
  }
}

// A product of no terms: sums of 0.
void FinishZeros(const MatrixView& a, const PackedRows& b, const Task& task) {
  const int64_t first_column = task.first * PackedRows::kPanelRows;
  const int64_t width = HWY_MIN(task.last * PackedRows::kPanelRows, b.rows()) - first_column;
  for (int64_t i = 0; i < a.rows; ++i) {
    float* out = task.out + i * task.out_stride;
    if (task.epilogue != Epilogue::kAdd) std::fill_n(out, width, 0.0f);
    for (int64_t j = 0; j < width && task.bias != nullptr; ++j) out[j] += task.bias[first_column + j];
  }
  ActivateBlock(task.epilogue, task.out, a.rows, width, task.out_stride);
}

void Multiply(Kernel kernel, const MatrixView& a, const PackedRows& b, int64_t first, int64_t last,
              const float* bias, Epilogue epilogue, float* out, int64_t out_stride,
              std::span<const float> next) {
  const Task task{first, last, bias, epilogue, out, out_stride, LinesOf(next.data(), std::ssize(next))};
  if (b.cols() == 0) {
    FinishZeros(a, b, task);
  } else {
    MultiplyPanels(kernel, a, b, task);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(PackPanel);
HWY_EXPORT(Multiply);

namespace {

// Panels of b that are multiplied block of terms by block of terms: what is written of a tile stays in L2
// between the blocks.
constexpr int64_t kGroupPanels = 5;

}  // namespace

void PackedRows::reset(int64_t rows, int64_t cols) {
  rows_ = rows;
  cols_ = cols;
  const int64_t most_floats = num_panels() * kPanelRows * cols;
  if (data_.size() < most_floats || data_.owner().use_count() != 1) data_ = Array<float>(most_floats);
  writable_ = data_.mutable_data();
}

int64_t PackedRows::panel_width(int64_t panel) const {
  constexpr int64_t kMostLanes = 16;
  return std::min(kPanelRows, (rows_ - panel * kPanelRows + kMostLanes - 1) / kMostLanes * kMostLanes);
}

std::span<const float> PackedRows::first_terms(int64_t panel) const {
  if (panel >= num_panels() || cols_ == 0) return {};
  const int64_t num_term_blocks = (cols_ + kTermBlock - 1) / kTermBlock;
  return {this->panel(panel), static_cast<size_t>(cols_ / num_term_blocks * panel_width(panel))};
}

void PackedRows::pack_panel(int64_t panel, const MatrixView& rows) {
  WHITNEY_CHECK(rows.dtype == DType::kF32, "dense products take F32, not ", name_of(rows.dtype));
  WHITNEY_CHECK(rows.cols == cols_ && rows.rows == std::min(kPanelRows, rows_ - panel * kPanelRows),
                rows.rows, " x ", rows.cols, " values for panel ", panel, " of ", rows_, " x ", cols_);
  std::array<const float*, kPanelRows> pointers;
  // The last panel repeats the last row; what comes of it is not stored.
  for (int64_t c = 0; c < kPanelRows; ++c) {
    pointers[static_cast<size_t>(c)] = rows.row<float>(std::min(c, rows.rows - 1)).data();
  }
  HWY_DYNAMIC_DISPATCH(PackPanel)
  (pointers.data(), panel_width(panel), cols_, writable_ + panel * kPanelRows * cols_);
}

void PackedRows::pack(const MatrixView& rows) {
  reset(rows.rows, rows.cols);
  for (int64_t panel = 0; panel < num_panels(); ++panel) {
    pack_panel(panel, rows.slice(panel * kPanelRows, std::min((panel + 1) * kPanelRows, rows.rows)));
  }
}

void multiply_tile(Kernel kernel, const MatrixView& a, const PackedRows& b, float* out, int64_t out_stride) {
  WHITNEY_CHECK(a.cols == b.cols() && a.dtype == DType::kF32, "widths ", a.cols, " and ", b.cols());
  for (int64_t first = 0; first < b.num_panels(); first += kGroupPanels) {
    HWY_DYNAMIC_DISPATCH(Multiply)
    (kernel, a, b, first, std::min(first + kGroupPanels, b.num_panels()), nullptr, Epilogue::kNone,
     out + first * PackedRows::kPanelRows, out_stride, b.first_terms(first + kGroupPanels));
  }
}

void multiply_panels(const MatrixView& a, const PackedRows& b, int64_t first, int64_t last,
                     std::span<const float> bias, Epilogue epilogue, float* out, int64_t out_stride,
                     std::span<const float> next) {
  WHITNEY_CHECK(a.cols == b.cols() && a.dtype == DType::kF32, "widths ", a.cols, " and ", b.cols());
  HWY_DYNAMIC_DISPATCH(Multiply)
  (Kernel::kInnerProduct, a, b, first, last, bias.empty() ? nullptr : bias.data(), epilogue, out, out_stride,
   next.empty() ? b.first_terms(last) : next);
}

}  // namespace whitney
#endif  // HWY_ONCE
