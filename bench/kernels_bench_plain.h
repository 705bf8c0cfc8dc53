#pragma once

#include <cstdint>

// The loops that anybody would write, as the compiler makes them at -O3 for baseline x86-64: what a kernel
// must beat to stay.

namespace whitney::bench {

float plain_inner_product(const float* a, const float* b, int64_t dim);
float plain_squared_l2(const float* a, const float* b, int64_t dim);
/// Rows of half floats, and of bytes, against a float32 query.
float plain_inner_product_f16(const float* query, const uint16_t* row, int64_t dim);
float plain_inner_product_u8(const float* query, const uint8_t* row, int64_t dim);
int32_t plain_code_squared_l2(const uint8_t* a, const uint8_t* b, int64_t dim);
int32_t plain_code_dot(const uint8_t* a, const uint8_t* b, int64_t dim);
/// out (m x n) = a (m x k) * b (n x k) transposed.
void plain_multiply_transposed(const float* a, const float* b, int64_t m, int64_t n, int64_t k, float* out);
/// Positions of the values at most a limit; returns how many.
int64_t plain_select(const float* keys, int64_t n, float limit, uint32_t* positions);
}  // namespace whitney::bench
