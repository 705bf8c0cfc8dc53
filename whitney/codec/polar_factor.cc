#include "whitney/codec/polar_factor.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/linalg/dense.h"

namespace whitney::codec {
namespace {

// No less than the largest singular value: the lesser of two known bounds.
double norm_bound(const MatrixView& matrix) {
  std::vector<double> columns(static_cast<size_t>(matrix.cols));
  double squares = 0, most_row = 0;
  for (int64_t i = 0; i < matrix.rows; ++i) {
    double row = 0;
    const auto values = matrix.row<float>(i);
    for (size_t j = 0; j < values.size(); ++j) {
      const double size = std::abs(double{values[j]});
      row += size;
      columns[j] += size;
      squares += size * size;
    }
    most_row = std::max(most_row, row);
  }
  return std::min(std::sqrt(squares), std::sqrt(most_row * std::ranges::max(columns)));
}

// The largest of |A - I|.
float distance_to_identity(const Matrix& matrix) {
  float most = 0;
  for (int64_t i = 0; i < matrix.rows(); ++i) {
    const auto row = matrix.row<float>(i);
    for (int64_t j = 0; j < matrix.cols(); ++j)
      most = std::max(most, std::abs(row[static_cast<size_t>(j)] - (i == j ? 1.0F : 0.0F)));
  }
  return most;
}

}  // namespace

Matrix transposed(const MatrixView& matrix) {
  Matrix result(matrix.cols, matrix.rows);
  auto* const out = result.mutable_data<float>();
  constexpr int64_t kTile = 32;  // of both fits L1
  for (int64_t r = 0; r < matrix.rows; r += kTile) {
    for (int64_t c = 0; c < matrix.cols; c += kTile) {
      for (int64_t i = r; i < std::min(r + kTile, matrix.rows); ++i) {
        const float* const row = matrix.row<float>(i).data();
        for (int64_t j = c; j < std::min(c + kTile, matrix.cols); ++j) out[j * matrix.rows + i] = row[j];
      }
    }
  }
  return result;
}

std::optional<Matrix> polar_factor(const MatrixView& matrix, const Context& context) {
  WHITNEY_CHECK(matrix.rows == matrix.cols && matrix.dtype == DType::kF32, "the polar factor of ",
                matrix.rows, " x ", matrix.cols, " values");
  const int64_t d = matrix.rows, size = d * d;
  const double bound = norm_bound(matrix);
  if (!std::isfinite(bound) || bound == 0) return std::nullopt;
  Matrix x = Matrix::copy_of(matrix);
  auto* values = x.mutable_data<float>();
  for (int64_t i = 0; i < size; ++i) values[i] = static_cast<float>(values[i] / bound);
  Matrix gram(d, d), product(d, d);
  // X <- X (3 I - X^T X) / 2, here (3 I - X X^T) X / 2, takes each singular value s to s (3 - s^2) / 2: by
  // half as much again while it is small, and ever faster towards 1 at the end.
  constexpr int kMostRounds = 80;
  constexpr float kClose = 2e-6F, kEnough = 1e-5F;
  float before = 2 * static_cast<float>(d);
  for (int round = 0; round < kMostRounds; ++round) {
    multiply_transposed(context, x, x, gram.mutable_data<float>());
    const float away = distance_to_identity(gram);
    // Rounding may keep it from coming closer.
    if (away <= kClose || (away <= kEnough && away >= before)) return x;
    before = away;
    multiply_transposed(context, gram, transposed(x), product.mutable_data<float>());
    values = x.mutable_data<float>();
    const float* const cubes = product.row<float>(0).data();
    for (int64_t i = 0; i < size; ++i) values[i] = 1.5F * values[i] - 0.5F * cubes[i];
  }
  return std::nullopt;
}

}  // namespace whitney::codec
