#include "whitney/linalg/distance.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/parallel.h"
#include "whitney/linalg/dense_tile.h"
#include "whitney/linalg/simd.h"
#include "whitney/linalg/simd_targets.h"
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "whitney/linalg/distance.cc"
#include <hwy/foreach_target.h>
// Highway's headers come after the loop over the levels.
#include "whitney/linalg/distance-inl.h"

HWY_BEFORE_NAMESPACE();
namespace whitney::HWY_NAMESPACE {

float MeasurePair(Kernel kernel, const float* a, const float* b, int64_t dim) {
  float out;
  if (kernel == Kernel::kInnerProduct) {
    MeasureRows<Kernel::kInnerProduct, 1>(a, &b, dim, &out);
  } else {
    MeasureRows<Kernel::kSquaredL2, 1>(a, &b, dim, &out);
  }
  return out;
}

// `first` is the first base row when `rows` is null, else row 0.
void MeasureTyped(Kernel kernel, const float* query, const MatrixView& base, int64_t first,
                  const uint32_t* rows, int64_t count, float* out) {
  const auto measure = [&](const auto* data) {
    data += first * base.stride;
    if (kernel == Kernel::kInnerProduct) {
      MeasureMany<Kernel::kInnerProduct>(query, data, base.stride, base.cols, rows, count, out);
    } else {
      MeasureMany<Kernel::kSquaredL2>(query, data, base.stride, base.cols, rows, count, out);
    }
  };
  switch (base.dtype) {
    case DType::kF16:
      measure(static_cast<const Float16*>(base.data));
      break;
    case DType::kU8:
      measure(static_cast<const uint8_t*>(base.data));
      break;
    default:
      measure(static_cast<const float*>(base.data));
      break;
  }
}

// Squared norms of rows, in the order of terms of the inner product of a row with itself.
void SquaredNorms(const MatrixView& matrix, float* out) {
  const auto measure = [&](const auto* data) HWY_ATTR {
    for (int64_t i = 0; i < matrix.rows; ++i) {
      const auto* row = data + i * matrix.stride;
      MeasureRows<Kernel::kInnerProduct, 1>(row, &row, matrix.cols, out + i);
    }
  };
  switch (matrix.dtype) {
    case DType::kF16:
      measure(static_cast<const Float16*>(matrix.data));
      break;
    case DType::kU8:
      measure(static_cast<const uint8_t*>(matrix.data));
      break;
    default:
      measure(static_cast<const float*>(matrix.data));
      break;
  }
}

}  // namespace whitney::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace whitney {
HWY_EXPORT(MeasurePair);
HWY_EXPORT(MeasureTyped);
HWY_EXPORT(SquaredNorms);

namespace {

void check_dtype(const MatrixView& view) {
  if (!has_kernels(view.dtype)) {
    fail("distances are computed of F32, F16 or U8 rows, not of ", name_of(view.dtype),
         "; convert the vectors to F32 first");
  }
}

// The sum of squares of a float32 over- or underflows for norms beyond about 1e19 or below about 1e-19.
constexpr float kSmallestSafeSquare = 1e-30f;

bool safe_square(float squared) { return squared >= kSmallestSafeSquare && std::isfinite(squared); }

double wide_norm(std::span<const float> row) {
  double sum = 0;
  for (float value : row) sum += static_cast<double>(value) * value;
  return std::sqrt(sum);
}

float norm_of_row(const MatrixView& matrix, int64_t i, float squared) {
  if (safe_square(squared)) return std::sqrt(squared);
  std::vector<float> row(static_cast<size_t>(matrix.cols));
  copy_row_as_float(matrix, i, row.data());
  return static_cast<float>(wide_norm(row));
}

// False for a row of zeros, which stays as it is.
bool normalize_row(std::span<float> row) {
  const int64_t n = std::ssize(row);
  float squared;
  squared_norms({row.data(), 1, n, n, DType::kF32}, &squared);
  if (safe_square(squared)) {
    const float norm = std::sqrt(squared);
    for (float& value : row) value /= norm;
    return true;
  }
  // A norm that float32 cannot hold, or only with few digits.
  const double norm = wide_norm(row);
  if (norm == 0) return false;
  for (float& value : row) value = static_cast<float>(static_cast<double>(value) / norm);
  return true;
}

}  // namespace

bool has_kernels(DType dtype) { return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kU8; }

float distance(Kernel kernel, const float* a, const float* b, int64_t dim) {
  return HWY_DYNAMIC_DISPATCH(MeasurePair)(kernel, a, b, dim);
}

void distance_one_to_rows(Kernel kernel, const float* query, const MatrixView& base,
                          std::span<const uint32_t> rows, float* out) {
  check_dtype(base);
  // An empty list must not read as "consecutive rows".
  if (rows.empty()) return;
  HWY_DYNAMIC_DISPATCH(MeasureTyped)(kernel, query, base, 0, rows.data(), std::ssize(rows), out);
}

void distance_one_to_many(Kernel kernel, const float* query, const MatrixView& base, int64_t begin,
                          int64_t end, float* out) {
  check_dtype(base);
  HWY_DYNAMIC_DISPATCH(MeasureTyped)(kernel, query, base, begin, nullptr, end - begin, out);
}

void distance_many_to_many(Kernel kernel, const MatrixView& queries, const MatrixView& base, float* out) {
  WHITNEY_CHECK(queries.cols == base.cols, "widths ", queries.cols, " and ", base.cols);
  WHITNEY_CHECK(queries.dtype == DType::kF32 && base.dtype == DType::kF32, "many-to-many distances take F32");
  constexpr int64_t kQueries = 240, kRows = 240;  // a tile of both stays in L2
  PackedRows packed;
  for (int64_t b = 0; b < base.rows; b += kRows) {
    packed.pack(base.slice(b, std::min(b + kRows, base.rows)));
    for (int64_t q = 0; q < queries.rows; q += kQueries) {
      multiply_tile(kernel, queries.slice(q, std::min(q + kQueries, queries.rows)), packed,
                    out + q * base.rows + b, base.rows);
    }
  }
}

void squared_norms(const MatrixView& matrix, float* out) {
  check_dtype(matrix);
  HWY_DYNAMIC_DISPATCH(SquaredNorms)(matrix, out);
}

void row_norms(const Context& context, const MatrixView& matrix, float* out) {
  check_simd_level();
  check_dtype(matrix);
  parallel_blocks(context, matrix.rows, 1024, [&](int64_t begin, int64_t end) {
    row_norms_of_block(matrix.slice(begin, end), out + begin);
  });
}

void row_norms_of_block(const MatrixView& matrix, float* out) {
  squared_norms(matrix, out);
  for (int64_t i = 0; i < matrix.rows; ++i) out[i] = norm_of_row(matrix, i, out[i]);
}

int64_t normalize_rows(const Context& context, const MatrixView& matrix, Matrix& out) {
  check_simd_level();
  Matrix result(matrix.rows, matrix.cols);
  float* data = result.mutable_data<float>();
  const int64_t num_zero = ordered_reduce(
      context, matrix.rows, 1024, int64_t{0},
      [&](int64_t begin, int64_t end) {
        int64_t zeros = 0;
        for (int64_t i = begin; i < end; ++i) {
          float* row = data + i * matrix.cols;
          copy_row_as_float(matrix, i, row);
          if (!normalize_row({row, static_cast<size_t>(matrix.cols)})) ++zeros;
        }
        return zeros;
      },
      [](int64_t a, int64_t b) { return a + b; });
  out = std::move(result);
  return num_zero;
}

}  // namespace whitney
#endif  // HWY_ONCE
