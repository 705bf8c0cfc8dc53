#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/matrix.h"
#include "whitney/linalg/metric.h"

namespace whitney {

/// What kernels compute. l2 is squared here; the root is taken where people see it. Cosine is an inner
/// product of normalised rows: callers normalise once.
enum class Kernel : uint8_t { kInnerProduct, kSquaredL2 };

/// Computes kernel(a, b) of two float32 vectors at the level in use.
WHITNEY_API float distance(Kernel kernel, const float* a, const float* b, int64_t dim);

/// Computes out[j] = kernel(query, base row rows[j]) with prefetch of the rows to come; `rows` may be in any
/// order. base: float32, float16 or uint8 (a uint8 query is float32 too). Float32 query of base.cols values.
WHITNEY_API void distance_one_to_rows(Kernel kernel, const float* query, const MatrixView& base,
                                      std::span<const uint32_t> rows, float* out);

/// Computes out[i] = kernel(query, base row begin + i) for a run of rows.
WHITNEY_API void distance_one_to_many(Kernel kernel, const float* query, const MatrixView& base,
                                      int64_t begin, int64_t end, float* out);

/// Computes out (queries.rows x base.rows, row-major, packed) = kernel of every pair, float32 both. On this
/// thread. A row's result depends only on the row, the base and the level, never on how many queries there
/// are.
WHITNEY_API void distance_many_to_many(Kernel kernel, const MatrixView& queries, const MatrixView& base,
                                       float* out);

/// True for the types of rows that the kernels read: float32, float16, uint8. The others throw Error.
WHITNEY_API bool has_kernels(DType dtype);

/// Computes the sum of squares of each row (any dtype of the kernels), exactly as the inner product of the
/// row with itself. On this thread.
WHITNEY_API void squared_norms(const MatrixView& matrix, float* out);

/// Computes the Euclidean norm of each row (any dtype of the kernels) in a fixed order; sums of squares that
/// leave the range of float32 are redone in float64. row_norms_of_block: on this thread.
WHITNEY_API void row_norms_of_block(const MatrixView& matrix, float* out);
WHITNEY_API void row_norms(const Context& context, const MatrixView& matrix, float* out);

/// Copies as float32 with rows of norm 1; zero rows stay zero. Returns how many were zero.
WHITNEY_API int64_t normalize_rows(const Context& context, const MatrixView& matrix, Matrix& out);

}  // namespace whitney
