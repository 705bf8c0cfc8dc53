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

/// Adds R^T R to the upper triangle of a matrix: `count` rows of `width` values, one behind the other.
void AddProducts(const float* rows, int64_t count, int64_t dim, int64_t width, float* matrix) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t i = 0; i < dim; i += kTileRows) {
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
        hn::StoreU(hn::Add(hn::LoadU(d, out), left[r]), d, out);
        hn::StoreU(hn::Add(hn::LoadU(d, out + n), right[r]), d, out + n);
      }
    }
  }
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

/// Row i of the factor U of A = U^T U, rows before it done: what stays in registers is written once.
void SubtractFormer(float* matrix, int64_t i, int64_t width) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  float* row = matrix + i * width;
  for (int64_t j = i / (2 * n) * (2 * n); j < width; j += 2 * n) {
    V left = hn::LoadU(d, row + j), right = hn::LoadU(d, row + j + n);
    for (int64_t k = 0; k < i; ++k) {
      const float* former = matrix + k * width;
      const V factor = hn::Set(d, former[i]);
      left = hn::NegMulAdd(factor, hn::LoadU(d, former + j), left);
      right = hn::NegMulAdd(factor, hn::LoadU(d, former + j + n), right);
    }
    hn::StoreU(left, d, row + j);
    hn::StoreU(right, d, row + j + n);
  }
}

void Scale(float factor, int64_t width, float* row) {
  const D d;
  const int64_t n = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t j = 0; j < width; j += n)
    hn::StoreU(hn::Mul(hn::Set(d, factor), hn::LoadU(d, row + j)), d, row + j);
}

void Factorise(int64_t dim, int64_t width, float* matrix) {
  for (int64_t i = 0; i < dim; ++i) {
    SubtractFormer(matrix, i, width);
    float* row = matrix + i * width;
    // Rounding may take from a pivot what a tiny ridge left.
    Scale(1 / std::sqrt(std::max(row[i], 1e-12F)), width, row);
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

}  // namespace whitney::recommend::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney::recommend {
namespace {

HWY_EXPORT(AddProducts);
HWY_EXPORT(AddScaled);
HWY_EXPORT(Dot);
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
  rows_.assign(rows.size() * static_cast<size_t>(width_), 0.0F);
  for (size_t i = 0; i < rows.size(); ++i)
    std::copy_n(rows[i], dim_, rows_.data() + i * static_cast<size_t>(width_));
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
  const auto width = static_cast<size_t>(width_);
  const auto dot = [&](const std::vector<float>& a, const std::vector<float>& b) {
    return HWY_DYNAMIC_DISPATCH(Dot)(a.data(), b.data(), 0, width_);
  };
  const auto apply = [&](const std::vector<float>& vector, std::vector<float>& image) {
    image.assign(width, 0.0F);
    for (int64_t i = 0; i < dim_; ++i)
      image[static_cast<size_t>(i)] =
          HWY_DYNAMIC_DISPATCH(Dot)(gram_.data() + i * width_, vector.data(), 0, width_) +
          ridge * vector[static_cast<size_t>(i)];
    for (size_t r = 0; r < rows.size(); ++r) {
      const float* row = rows_.data() + r * width;
      const float product = HWY_DYNAMIC_DISPATCH(Dot)(row, vector.data(), 0, width_);
      HWY_DYNAMIC_DISPATCH(AddScaled)(product, row, 0, width_, image.data());
    }
  };
  const auto add_scaled = [&](float factor, const std::vector<float>& from, std::vector<float>& to) {
    HWY_DYNAMIC_DISPATCH(AddScaled)(factor, from.data(), 0, width_, to.data());
  };
  std::ranges::fill(x_, 0.0F);
  std::copy_n(x, dim_, x_.data());
  // residual = R^T 1 - A x
  apply(x_, image_);
  residual_.assign(width, 0.0F);
  for (size_t r = 0; r < rows.size(); ++r)
    HWY_DYNAMIC_DISPATCH(AddScaled)(1.0F, rows_.data() + r * width, 0, width_, residual_.data());
  add_scaled(-1, image_, residual_);
  direction_ = residual_;
  float square = dot(residual_, residual_);
  for (int step = 0; step < steps && square > 1e-20F; ++step) {
    apply(direction_, image_);
    const float length = square / dot(direction_, image_);
    add_scaled(length, direction_, x_);
    add_scaled(-length, image_, residual_);
    const float next = dot(residual_, residual_), share = next / square;
    // What is left, and a share of the old direction.
    std::ranges::transform(residual_, direction_, direction_.begin(),
                           [&](float left, float old) { return left + share * old; });
    square = next;
  }
  std::copy_n(x_.data(), dim_, x);
}

}  // namespace whitney::recommend
#endif
