#include "whitney/linalg/column_products.h"

#include <algorithm>

#include "whitney/core/array.h"
#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/column_products.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

// Seen once, though the file is compiled for every level.
#ifndef WHITNEY_LINALG_COLUMN_PRODUCTS_TILE
#define WHITNEY_LINALG_COLUMN_PRODUCTS_TILE
namespace whitney {

/// Columns of a and of b whose products are summed in registers at a time; widths are padded to multiples of
/// them. (kColumnsOfB holds two vectors at every level.)
inline constexpr int64_t kColumnsOfA = 6, kColumnsOfB = 16;
/// Rows that are converted at a time: of 144 columns they stay in L2 twice.
inline constexpr int64_t kRowsAtOnce = 64;

/// Some rows in float64, packed to padded widths, and the sums that their products are added to.
struct ConvertedRows {
  const double* a = nullptr;
  int64_t width_a = 0;
  const double* b = nullptr;
  int64_t width_b = 0;
  int64_t rows = 0;
  /// True when a is b: tiles below the diagonal are left out.
  bool symmetric = false;
  double* sums = nullptr;  // width_a x width_b
};

}  // namespace whitney
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void AddTile(D d, const ConvertedRows& in, int64_t i, int64_t j) {
  using V = hn::Vec<D>;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  const V zero = hn::Zero(d);
  V left[kColumnsOfA] = {zero, zero, zero, zero, zero, zero};
  V right[kColumnsOfA] = {zero, zero, zero, zero, zero, zero};
  for (int64_t r = 0; r < in.rows; ++r) {
    const double* a = in.a + r * in.width_a + i;
    const double* b = in.b + r * in.width_b + j;
    const V b0 = hn::LoadU(d, b), b1 = hn::LoadU(d, b + n);
    for (int64_t c = 0; c < kColumnsOfA; ++c) {
      const V factor = hn::Set(d, a[c]);
      left[c] = hn::MulAdd(factor, b0, left[c]);
      right[c] = hn::MulAdd(factor, b1, right[c]);
    }
  }
  for (int64_t c = 0; c < kColumnsOfA; ++c) {
    double* sums = in.sums + (i + c) * in.width_b + j;
    hn::StoreU(hn::Add(hn::LoadU(d, sums), left[c]), d, sums);
    hn::StoreU(hn::Add(hn::LoadU(d, sums + n), right[c]), d, sums + n);
  }
}

void AddProducts(const ConvertedRows& in) {
  const hn::CappedTag<double, kColumnsOfB / 2> d;
  const int64_t step = 2 * static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < in.width_a; i += kColumnsOfA) {
    for (int64_t j = in.symmetric ? i / step * step : 0; j < in.width_b; j += step) AddTile(d, in, i, j);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(AddProducts);

namespace {

int64_t padded(int64_t width, int64_t to) { return (width + to - 1) / to * to; }

// Rows [begin, end) as float64, each padded to `width` by zeros.
void convert_rows(const MatrixView& matrix, int64_t begin, int64_t end, int64_t width, double* out) {
  for (int64_t r = begin; r < end; ++r, out += width) {
    const float* row = matrix.row<float>(r).data();
    for (int64_t c = 0; c < matrix.cols; ++c) out[c] = row[c];
    std::fill(out + matrix.cols, out + width, 0.0);
  }
}

// The sums over a block of rows, for `sums` of padded widths, which are 0.
void add_block(const MatrixView& a, const MatrixView& b, bool symmetric, int64_t begin, int64_t end,
               double* sums) {
  const int64_t width_a = padded(a.cols, kColumnsOfA), width_b = padded(b.cols, kColumnsOfB);
  std::vector<double> rows_a(static_cast<size_t>(kRowsAtOnce * width_a)),
      rows_b(static_cast<size_t>(kRowsAtOnce * width_b));
  for (int64_t r = begin; r < end; r += kRowsAtOnce) {
    const int64_t last = std::min(r + kRowsAtOnce, end);
    convert_rows(a, r, last, width_a, rows_a.data());
    convert_rows(b, r, last, width_b, rows_b.data());
    HWY_DYNAMIC_DISPATCH(AddProducts)
    ({rows_a.data(), width_a, rows_b.data(), width_b, last - r, symmetric, sums});
  }
}

std::vector<double> products(const Context& context, const MatrixView& a, const MatrixView& b,
                             bool symmetric) {
  check_simd_level();
  if (a.rows != b.rows) fail("cannot multiply columns of ", a.rows, " rows with columns of ", b.rows);
  if (a.dtype != DType::kF32 || b.dtype != DType::kF32) {
    fail("products of columns take F32 matrices, not ", name_of(a.dtype), " and ", name_of(b.dtype));
  }
  const int64_t width_b = padded(b.cols, kColumnsOfB), size = padded(a.cols, kColumnsOfA) * width_b;
  std::vector<double> result(static_cast<size_t>(a.cols * b.cols));
  if (a.rows == 0 || result.empty()) return result;
  // Blocks depend on the shapes only; few enough that their sums take little memory and time to join.
  constexpr int64_t kMostNumbers = int64_t{1} << 22, kLeastRows = 512;
  const int64_t most_blocks = std::clamp<int64_t>(kMostNumbers / size, 4, 32);
  const int64_t block = padded(std::max((a.rows + most_blocks - 1) / most_blocks, kLeastRows), kRowsAtOnce);
  const int64_t num_blocks = (a.rows + block - 1) / block;
  std::vector<double> sums(static_cast<size_t>(num_blocks * size));
  parallel_blocks(context, a.rows, block, [&](int64_t begin, int64_t end) {
    add_block(a, b, symmetric, begin, end, sums.data() + begin / block * size);
  });
  parallel_blocks(context, a.cols, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      double* out = result.data() + i * b.cols;
      for (int64_t k = 0; k < num_blocks; ++k) {
        const double* row = sums.data() + k * size + i * width_b;
        for (int64_t j = symmetric ? i : 0; j < b.cols; ++j) out[j] += row[j];
      }
    }
  });
  for (int64_t i = 0; symmetric && i < a.cols; ++i) {
    for (int64_t j = 0; j < i; ++j)
      result[static_cast<size_t>(i * a.cols + j)] = result[static_cast<size_t>(j * a.cols + i)];
  }
  return result;
}

}  // namespace

std::vector<double> column_products(const Context& context, const MatrixView& a, const MatrixView& b) {
  return products(context, a, b, false);
}

std::vector<double> column_products(const Context& context, const MatrixView& a) {
  return products(context, a, a, true);
}

}  // namespace whitney
#endif  // HWY_ONCE
