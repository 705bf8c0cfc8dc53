#include "bench/kernels_bench_plain.h"

#include <algorithm>
#include <vector>

#include "whitney/core/dtype.h"

namespace whitney::bench {

float plain_inner_product(const float* a, const float* b, int64_t dim) {
  float sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += a[i] * b[i];
  return sum;
}

float plain_squared_l2(const float* a, const float* b, int64_t dim) {
  float sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

float plain_inner_product_f16(const float* query, const uint16_t* row, int64_t dim) {
  float sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += query[i] * to_float(Float16{row[i]});
  return sum;
}

float plain_inner_product_u8(const float* query, const uint8_t* row, int64_t dim) {
  float sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += query[i] * static_cast<float>(row[i]);
  return sum;
}

int32_t plain_code_squared_l2(const uint8_t* a, const uint8_t* b, int64_t dim) {
  int32_t sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

int32_t plain_code_dot(const uint8_t* a, const uint8_t* b, int64_t dim) {
  int32_t sum = 0;
  for (int64_t i = 0; i < dim; ++i) sum += a[i] * b[i];
  return sum;
}

void plain_multiply_transposed(const float* a, const float* b, int64_t m, int64_t n, int64_t k, float* out) {
  // b is transposed first, so that the innermost loop is one that the compiler vectorises.
  std::vector<float> columns(static_cast<size_t>(k * n));
  for (int64_t j = 0; j < n; ++j) {
    for (int64_t t = 0; t < k; ++t) columns[static_cast<size_t>(t * n + j)] = b[j * k + t];
  }
  for (int64_t i = 0; i < m; ++i) {
    float* row = out + i * n;
    std::fill_n(row, n, 0.0f);
    for (int64_t t = 0; t < k; ++t) {
      const float factor = a[i * k + t];
      const float* column = columns.data() + t * n;
      for (int64_t j = 0; j < n; ++j) row[j] += factor * column[j];
    }
  }
}

int64_t plain_select(const float* keys, int64_t n, float limit, uint32_t* positions) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; ++i) {
    if (keys[i] <= limit) positions[count++] = static_cast<uint32_t>(i);
  }
  return count;
}

}  // namespace whitney::bench
