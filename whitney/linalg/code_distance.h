#pragma once

#include <cstdint>
#include <span>

#include "whitney/core/api.h"

namespace whitney {

/// What the integer kernels compute of two rows of 8-bit codes.
enum class CodeKernel : uint8_t { kDot, kSquaredL2 };

/// The widest codes of these kernels: 255^2 times it still fits an int32.
inline constexpr int64_t kMaxCodeDim = 33'025;

/// Computes kernel(a, b) of two vectors of `dim` unsigned bytes, dim at most kMaxCodeDim. Exact: the same
/// integer at every SIMD level. The callers of this family check dim at their door.
WHITNEY_API int32_t code_distance(CodeKernel kernel, const uint8_t* a, const uint8_t* b, int64_t dim);

/// Computes out[j] = kernel(query, row rows[j]), where row r starts at base + r * stride_bytes (a block may
/// hold other things between the codes). `rows` may be in any order; rows to come are prefetched. Exact, as
/// above.
WHITNEY_API void code_distance_one_to_rows(CodeKernel kernel, const uint8_t* query, const uint8_t* base,
                                           int64_t stride_bytes, int64_t dim, std::span<const uint32_t> rows,
                                           int32_t* out);

/// Computes out[i] = kernel(query, row begin + i) for the run of rows [begin, end).
WHITNEY_API void code_distance_one_to_many(CodeKernel kernel, const uint8_t* query, const uint8_t* base,
                                           int64_t stride_bytes, int64_t dim, int64_t begin, int64_t end,
                                           int32_t* out);

/// Computes out (num_queries x num_rows, packed) = kernel of every pair of rows of two blocks. On this
/// thread.
WHITNEY_API void code_distance_many_to_many(CodeKernel kernel, const uint8_t* queries,
                                            int64_t query_stride_bytes, int64_t num_queries,
                                            const uint8_t* base, int64_t base_stride_bytes, int64_t num_rows,
                                            int64_t dim, int32_t* out);

}  // namespace whitney
