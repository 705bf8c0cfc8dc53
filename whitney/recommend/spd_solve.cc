#include "whitney/recommend/spd_solve.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/recommend/spd_solve.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include <hwy/highway.h>

// Seen once, though the file is compiled for every level.
#ifndef WHITNEY_RECOMMEND_SPD_SOLVE_WIDTH
#define WHITNEY_RECOMMEND_SPD_SOLVE_WIDTH
namespace whitney::recommend {
/// Widths are padded to multiples of it: some vectors at every level. Columns of a tile of R^T R.
inline constexpr int64_t kStripe = 32, kTileRows = 4;
}  // namespace whitney::recommend
#endif

HWY_BEFORE_NAMESPACE();
namespace whitney::recommend::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;

/// Adds sign * R^T R to rows [i, i + 4) of the upper triangle of a matrix; `count` rows of R, `width` values
/// each, one behind the other. Two vectors of each of four rows stay in registers, so that neither loads nor
/// the latency of multiply-adds limit it.
HWY_INLINE void AddProductsToStrip(float sign, const float* rows, int64_t count, int64_t i, int64_t dim,
                                   int64_t width, float* matrix) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  const V signs = hn::Set(d, sign);
  for (int64_t j = i / (2 * n) * (2 * n); j < width; j += 2 * n) {
    V left[kTileRows], right[kTileRows];
    for (int64_t r = 0; r < kTileRows; ++r) left[r] = right[r] = hn::Zero(d);
    for (int64_t e = 0; e < count; ++e) {
      const float* row = rows + e * width;
      const V b0 = hn::LoadU(d, row + j), b1 = hn::LoadU(d, row + j + n);
      for (int64_t r = 0; r < kTileRows; ++r) {
        const V factor = hn::Set(d, row[i + r]);
        left[r] = hn::MulAdd(factor, b0, left[r]);
        right[r] = hn::MulAdd(factor, b1, right[r]);
      }
    }
    for (int64_t r = 0; r < kTileRows && i + r < dim; ++r) {
      float* out = matrix + (i + r) * width + j;
      hn::StoreU(hn::MulAdd(signs, left[r], hn::LoadU(d, out)), d, out);
      hn::StoreU(hn::MulAdd(signs, right[r], hn::LoadU(d, out + n)), d, out + n);
    }
  }
}

void AddProducts(const float* rows, int64_t count, int64_t dim, int64_t width, float* matrix) {
  for (int64_t i = 0; i < dim; i += kTileRows) AddProductsToStrip(1, rows, count, i, dim, width, matrix);
}

/// out += factor * row from `begin` on.
void AddScaled(float factor, const float* row, int64_t begin, int64_t width, float* out) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  const V scale = hn::Set(d, factor);
  for (int64_t j = begin / n * n; j < width; j += n) {
    // What lies before `begin` is kept.
    const V sum = hn::MulAdd(scale, hn::LoadU(d, row + j), hn::LoadU(d, out + j));
    if (j >= begin)
      hn::StoreU(sum, d, out + j);
    else
      hn::BlendedStore(sum, hn::Not(hn::FirstN(d, static_cast<size_t>(begin - j))), d, out + j);
  }
}

float Dot(const float* a, const float* b, int64_t begin, int64_t width) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  V sum = hn::Zero(d);
  int64_t j = begin / n * n;
  if (j < begin) {
    const auto later = hn::Not(hn::FirstN(d, static_cast<size_t>(begin - j)));
    sum = hn::IfThenElseZero(later, hn::Mul(hn::LoadU(d, a + j), hn::LoadU(d, b + j)));
    j += n;
  }
  for (; j < width; j += n) sum = hn::MulAdd(hn::LoadU(d, a + j), hn::LoadU(d, b + j), sum);
  return hn::GetLane(hn::SumOfLanes(d, sum));
}

void Scale(float factor, int64_t width, float* row) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t j = 0; j < width; j += n)
    hn::StoreU(hn::Mul(hn::Set(d, factor), hn::LoadU(d, row + j)), d, row + j);
}

/// The factor U of A = U^T U in place of A's upper triangle. Four rows at a time: what all rows before them
/// take away is a product as above, and only those of the strip itself come one after the other.
void Factorise(int64_t dim, int64_t width, float* matrix) {
  for (int64_t i = 0; i < dim; i += kTileRows) {
    AddProductsToStrip(-1, matrix, i, i, dim, width, matrix);
    for (int64_t r = i; r < HWY_MIN(i + kTileRows, dim); ++r) {
      float* row = matrix + r * width;
      for (int64_t k = i; k < r; ++k) AddScaled(-matrix[k * width + r], matrix + k * width, r, width, row);
      // Rounding may take from a pivot what a tiny ridge left.
      Scale(1 / std::sqrt(std::max(row[r], 1e-12F)), width, row);
    }
  }
}

/// U^T U x = b, in place.
void Substitute(const float* factor, int64_t dim, int64_t width, float* x) {
  for (int64_t k = 0; k < dim; ++k) {
    const float* row = factor + k * width;
    x[k] /= row[k];
    AddScaled(-x[k], row, k + 1, width, x);
  }
  for (int64_t i = dim - 1; i >= 0; --i) {
    const float* row = factor + i * width;
    x[i] = (x[i] - Dot(row, x, i + 1, width)) / row[i];
  }
}

// ---- conjugate gradients ----

/// out = G x + ridge x, G symmetric: its rows are added up, two at a time.
void MultiplyGram(const float* gram, float ridge, int64_t dim, int64_t width, const float* x, float* out) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t j = 0; j < width; j += 2 * n) {
    V even0 = hn::Mul(hn::Set(d, ridge), hn::LoadU(d, x + j)), odd0 = hn::Zero(d),
      even1 = hn::Mul(hn::Set(d, ridge), hn::LoadU(d, x + j + n)), odd1 = hn::Zero(d);
    const float* column = gram + j;
    int64_t i = 0;
    for (; i + 2 <= dim; i += 2, column += 2 * width) {
      const V first = hn::Set(d, x[i]), second = hn::Set(d, x[i + 1]);
      even0 = hn::MulAdd(first, hn::LoadU(d, column), even0);
      even1 = hn::MulAdd(first, hn::LoadU(d, column + n), even1);
      odd0 = hn::MulAdd(second, hn::LoadU(d, column + width), odd0);
      odd1 = hn::MulAdd(second, hn::LoadU(d, column + width + n), odd1);
    }
    if (i < dim) {
      even0 = hn::MulAdd(hn::Set(d, x[i]), hn::LoadU(d, column), even0);
      even1 = hn::MulAdd(hn::Set(d, x[i]), hn::LoadU(d, column + n), even1);
    }
    hn::StoreU(hn::Add(even0, odd0), d, out + j);
    hn::StoreU(hn::Add(even1, odd1), d, out + j + n);
  }
}

/// out += sum over some rows of (base + sign <row, x>) row; kRows of them at once, whose sums do not wait for
/// one another.
template <int64_t kRows>
HWY_INLINE void AddWeighted(const float* rows, int64_t width, float base, float sign, const float* x,
                            float* out) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  V sums[kRows];
  for (int64_t r = 0; r < kRows; ++r) sums[r] = hn::Zero(d);
  for (int64_t j = 0; j < width; j += n) {
    const V values = hn::LoadU(d, x + j);
    for (int64_t r = 0; r < kRows; ++r)
      sums[r] = hn::MulAdd(values, hn::LoadU(d, rows + r * width + j), sums[r]);
  }
  // Every lane of a sum holds the whole.
  for (int64_t r = 0; r < kRows; ++r)
    sums[r] = hn::MulAdd(hn::Set(d, sign), hn::SumOfLanes(d, sums[r]), hn::Set(d, base));
  for (int64_t j = 0; j < width; j += n) {
    V sum = hn::LoadU(d, out + j);
    for (int64_t r = 0; r < kRows; ++r) sum = hn::MulAdd(sums[r], hn::LoadU(d, rows + r * width + j), sum);
    hn::StoreU(sum, d, out + j);
  }
}

void AddAllWeighted(const float* rows, int64_t count, int64_t width, float base, float sign, const float* x,
                    float* out) {
  int64_t e = 0;
  for (; e + 4 <= count; e += 4) AddWeighted<4>(rows + e * width, width, base, sign, x, out);
  for (; e < count; ++e) AddWeighted<1>(rows + e * width, width, base, sign, x, out);
}

/// Steps of conjugate gradients from x. state: three vectors. What A = G + R^T R + ridge I makes of a vector
/// takes its products with G's rows and with those of R.
void Approach(const float* gram, const float* rows, int64_t count, float ridge, int64_t steps, int64_t dim,
              int64_t width, float* x, float* state) {
  float* residual = state;
  float* direction = state + width;
  float* image = state + 2 * width;
  // R^T 1 - A x = R^T (1 - R x) - (G + ridge I) x
  MultiplyGram(gram, ridge, dim, width, x, residual);
  Scale(-1, width, residual);
  AddAllWeighted(rows, count, width, 1, -1, x, residual);
  std::copy_n(residual, width, direction);
  float square = Dot(residual, residual, 0, width);
  for (int64_t step = 0; step < steps && square > 1e-20F; ++step) {
    MultiplyGram(gram, ridge, dim, width, direction, image);
    AddAllWeighted(rows, count, width, 0, 1, direction, image);
    const float length = square / Dot(direction, image, 0, width);
    AddScaled(length, direction, 0, width, x);
    AddScaled(-length, image, 0, width, residual);
    const float next = Dot(residual, residual, 0, width);
    // What is left, and a share of the old direction.
    Scale(next / square, width, direction);
    AddScaled(1, residual, 0, width, direction);
    square = next;
  }
}

}  // namespace whitney::recommend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::recommend {
namespace {

HWY_EXPORT(AddProducts);
HWY_EXPORT(AddScaled);
HWY_EXPORT(Approach);
HWY_EXPORT(Factorise);
HWY_EXPORT(Substitute);

}  // namespace

SpdSolver::SpdSolver(int64_t dim)
    : dim_(dim),
      width_((dim + kStripe - 1) / kStripe * kStripe),
      matrix_(dim_ * width_),
      x_(static_cast<size_t>(width_)) {
  check_simd_level();
}

void SpdSolver::pack(std::span<const float> gram, std::span<const float* const> rows) {
  if (packed_gram_ != gram.data()) {
    gram_ = Array<float>(dim_ * width_);
    float* out = gram_.mutable_data();
    std::fill_n(out, dim_ * width_, 0.0F);
    for (int64_t i = 0; i < dim_; ++i) std::copy_n(gram.data() + i * dim_, dim_, out + i * width_);
    packed_gram_ = gram.data();
  }
  rows_.resize(rows.size() * static_cast<size_t>(width_));
  float* out = rows_.data();
  for (const float* row : rows) {
    out = std::copy_n(row, dim_, out);
    out = std::fill_n(out, width_ - dim_, 0.0F);
  }
}

void SpdSolver::solve(std::span<const float> gram, std::span<const float* const> rows, float ridge,
                      float* x) {
  pack(gram, rows);
  float* matrix = matrix_.mutable_data();
  std::ranges::copy(gram_, matrix);
  HWY_DYNAMIC_DISPATCH(AddProducts)(rows_.data(), std::ssize(rows), dim_, width_, matrix);
  for (int64_t i = 0; i < dim_; ++i) matrix[i * width_ + i] += ridge;
  HWY_DYNAMIC_DISPATCH(Factorise)(dim_, width_, matrix);
  std::ranges::fill(x_, 0.0F);
  for (size_t i = 0; i < rows.size(); ++i)
    HWY_DYNAMIC_DISPATCH(AddScaled)(1.0F, rows_.data() + i * static_cast<size_t>(width_), 0, width_,
                                    x_.data());
  HWY_DYNAMIC_DISPATCH(Substitute)(matrix, dim_, width_, x_.data());
  std::copy_n(x_.data(), dim_, x);
}

void SpdSolver::approach(std::span<const float> gram, std::span<const float* const> rows, float ridge,
                         int steps, float* x) {
  pack(gram, rows);
  state_.resize(3 * static_cast<size_t>(width_));
  std::ranges::fill(x_, 0.0F);
  std::copy_n(x, dim_, x_.data());
  HWY_DYNAMIC_DISPATCH(Approach)(gram_.data(), rows_.data(), std::ssize(rows), ridge, steps, dim_, width_,
                                 x_.data(), state_.data());
  std::copy_n(x_.data(), dim_, x);
}

}  // namespace whitney::recommend
#endif
