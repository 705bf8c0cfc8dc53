#include "whitney/linalg/standardize.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "whitney/core/parallel.h"
#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/standardize.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

// Seen once, though the file is compiled for every level.
#ifndef WHITNEY_LINALG_STANDARDIZE_MOMENTS
#define WHITNEY_LINALG_STANDARDIZE_MOMENTS
namespace whitney {
// Of `count` rows, for each column: the mean, and the sum of squared deviations from it.
struct ColumnMoments {
  double count = 0;
  double* mean = nullptr;
  double* squares = nullptr;
};
}  // namespace whitney
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The columns of sizeof...(kVector) vectors: first their means over the rows, then the deviations from them
// (the rows are in cache by then), joined with the moments so far (Chan, Golub, LeVeque 1983).
template <class D, size_t... kVector>
HWY_INLINE void AddColumns(D d, const float* matrix, int64_t cols, const int64_t* rows, int64_t num_rows,
                           int64_t column, const ColumnMoments& moments, std::index_sequence<kVector...>) {
  using V = hn::Vec<D>;
  const hn::Rebind<float, D> df;
  const size_t n = hn::Lanes(d);
  const V zero = hn::Zero(d);
  V sum[] = {((void)kVector, zero)...}, squares[] = {((void)kVector, zero)...};
  for (int64_t i = 0; i < num_rows; ++i) {
    const float* from = matrix + rows[i] * cols + column;
    ((sum[kVector] = hn::Add(sum[kVector], hn::PromoteTo(d, hn::LoadU(df, from + kVector * n)))), ...);
  }
  const double count = static_cast<double>(num_rows), total = moments.count + count;
  const V divisor = hn::Set(d, count);
  ((sum[kVector] = hn::Div(sum[kVector], divisor)), ...);
  for (int64_t i = 0; i < num_rows; ++i) {
    const float* from = matrix + rows[i] * cols + column;
    const auto add = [&](const V& mean, V& square, size_t at) HWY_ATTR {
      const V deviation = hn::Sub(hn::PromoteTo(d, hn::LoadU(df, from + at)), mean);
      square = hn::MulAdd(deviation, deviation, square);
    };
    (add(sum[kVector], squares[kVector], kVector * n), ...);
  }
  const V share = hn::Set(d, count / total), both = hn::Set(d, moments.count * count / total);
  const auto join = [&](const V& mean, const V& square, size_t at) HWY_ATTR {
    double* to_mean = moments.mean + column + at;
    double* to_squares = moments.squares + column + at;
    const V before = hn::LoadU(d, to_mean), step = hn::Sub(mean, before);
    hn::StoreU(hn::MulAdd(step, share, before), d, to_mean);
    const V apart = hn::Mul(hn::Mul(step, step), both);
    hn::StoreU(hn::Add(hn::LoadU(d, to_squares), hn::Add(square, apart)), d, to_squares);
  };
  (join(sum[kVector], squares[kVector], kVector * n), ...);
}

// Adds rows of a matrix to the moments of its columns.
void AddRows(const float* matrix, int64_t cols, const int64_t* rows, int64_t num_rows,
             const ColumnMoments& moments) {
  const hn::ScalableTag<double> d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  int64_t column = 0;
  for (; column + 4 * n <= cols; column += 4 * n)
    AddColumns(d, matrix, cols, rows, num_rows, column, moments, std::make_index_sequence<4>());
  for (; column + n <= cols; column += n)
    AddColumns(d, matrix, cols, rows, num_rows, column, moments, std::make_index_sequence<1>());
  for (; column < cols; ++column)
    AddColumns(hn::CappedTag<double, 1>(), matrix, cols, rows, num_rows, column, moments,
               std::make_index_sequence<1>());
}

template <class D>
HWY_INLINE void ScaleColumns(D d, float* values, const double* mean, const double* scale) {
  const hn::Rebind<float, D> df;
  const auto deviation = hn::Sub(hn::PromoteTo(d, hn::LoadU(df, values)), hn::LoadU(d, mean));
  hn::StoreU(hn::DemoteTo(df, hn::Mul(deviation, hn::LoadU(d, scale))), df, values);
}

void ScaleRow(float* row, int64_t cols, const double* mean, const double* scale) {
  const hn::ScalableTag<double> d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  int64_t column = 0;
  for (; column + n <= cols; column += n) ScaleColumns(d, row + column, mean + column, scale + column);
  for (; column < cols; ++column)
    ScaleColumns(hn::CappedTag<double, 1>(), row + column, mean + column, scale + column);
}

void ScaleRows(float* matrix, int64_t cols, const uint8_t* wanted, int64_t num_rows, const double* mean,
               const double* scale) {
  for (int64_t r = 0; r < num_rows; ++r) {
    if (wanted[r] != 0) ScaleRow(matrix + r * cols, cols, mean, scale);
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(AddRows);
HWY_EXPORT(ScaleRows);

namespace {

bool is_zero(const float* row, int64_t cols) {
  return std::all_of(row, row + cols, [](float x) { return x == 0; });
}

// The moments of each block of rows, which are joined in order.
class BlockMoments {
 public:
  BlockMoments(int64_t rows, int64_t cols)
      : cols_(cols),
        block_(std::max(kLeastRows, (rows + kMostBlocks - 1) / kMostBlocks)),
        counts_(static_cast<size_t>((rows + block_ - 1) / block_)),
        values_(counts_.size() * static_cast<size_t>(2 * cols)) {}
  int64_t block_rows() const { return block_; }

  /// Adds rows [begin, end), of which `wanted` tells, filled before, some at a time: those are in cache.
  void add(float* matrix, int64_t begin, int64_t end, const FillRows& fill, bool zero_too, uint8_t* wanted) {
    const auto block = static_cast<size_t>(begin / block_);
    const int64_t step = std::clamp(kCachedFloats / cols_, int64_t{8}, int64_t{128});
    std::vector<int64_t> rows;
    for (int64_t from = begin; from < end; from += step) {
      const int64_t to = std::min(from + step, end);
      if (fill) fill(from, to);
      rows.clear();
      for (int64_t r = from; r < to; ++r) {
        wanted[r] = static_cast<uint8_t>(zero_too || !is_zero(matrix + r * cols_, cols_));
        if (wanted[r] != 0) rows.push_back(r);
      }
      if (rows.empty()) continue;
      HWY_DYNAMIC_DISPATCH(AddRows)(matrix, cols_, rows.data(), std::ssize(rows), of_block(block));
      counts_[block] += static_cast<double>(rows.size());
    }
  }

  /// Joins all blocks into the first one.
  ColumnMoments join() {
    ColumnMoments all = of_block(0);
    for (size_t b = 1; b < counts_.size(); ++b) {
      const ColumnMoments block = of_block(b);
      if (block.count == 0) continue;
      const double total = all.count + block.count;
      for (int64_t c = 0; c < cols_; ++c) {
        const double step = block.mean[c] - all.mean[c];
        all.mean[c] += step * (block.count / total);
        all.squares[c] += block.squares[c] + step * step * (all.count * block.count / total);
      }
      all.count = total;
    }
    return all;
  }

 private:
  // Blocks of moments are few, whatever the number of rows.
  static constexpr int64_t kMostBlocks = 512, kLeastRows = 256, kCachedFloats = 1 << 14;

  ColumnMoments of_block(size_t block) {
    double* mean = values_.data() + block * static_cast<size_t>(2 * cols_);
    return {counts_[block], mean, mean + cols_};
  }

  int64_t cols_, block_;
  std::vector<double> counts_;
  std::vector<double> values_;
};

int64_t standardize(const Context& context, float* matrix, int64_t rows, int64_t cols, const FillRows& fill,
                    bool zero_too) {
  check_simd_level();
  if (rows == 0 || cols == 0) return 0;
  BlockMoments blocks(rows, cols);
  std::vector<uint8_t> wanted(static_cast<size_t>(rows));
  parallel_blocks(context, rows, blocks.block_rows(), [&](int64_t begin, int64_t end) {
    blocks.add(matrix, begin, end, fill, zero_too, wanted.data());
  });
  const ColumnMoments all = blocks.join();
  // Equal values have a mean of exactly them, so that a constant column has a deviation of exactly 0.
  double* scale = all.squares;
  for (int64_t c = 0; c < cols; ++c) scale[c] = scale[c] > 0 ? 1.0 / std::sqrt(scale[c] / all.count) : 0;
  parallel_blocks(context, rows, 256, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(ScaleRows)
    (matrix + begin * cols, cols, wanted.data() + begin, end - begin, all.mean, scale);
  });
  return static_cast<int64_t>(all.count);
}

}  // namespace

void standardize_columns(const Context& context, float* matrix, int64_t rows, int64_t cols) {
  standardize(context, matrix, rows, cols, {}, true);
}

int64_t standardize_nonzero_rows(const Context& context, float* matrix, int64_t rows, int64_t cols,
                                 const FillRows& fill) {
  return standardize(context, matrix, rows, cols, fill, false);
}

}  // namespace whitney
#endif  // HWY_ONCE
