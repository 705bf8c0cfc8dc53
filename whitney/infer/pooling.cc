#include "whitney/infer/pooling.h"

#include <algorithm>
#include <cmath>

namespace whitney::infer {
namespace {

// out = scale * sum over rows of weight(i) * row i.
template <class Weight>
void weighted_sum(const float* states, int64_t rows, int64_t dim, const Weight& weight, double scale,
                  float* out) {
  std::fill_n(out, dim, 0.0f);
  for (int64_t i = 0; i < rows; ++i) {
    const float factor = weight(i);
    const float* row = states + i * dim;
    for (int64_t c = 0; c < dim; ++c) out[c] += factor * row[c];
  }
  for (int64_t c = 0; c < dim; ++c) out[c] = static_cast<float>(static_cast<double>(out[c]) * scale);
}

void pool_one(PoolingMode mode, const float* states, int64_t rows, int64_t dim, float* out) {
  const auto equal = [](int64_t) { return 1.0f; };
  const double n = static_cast<double>(rows);
  switch (mode) {
    case PoolingMode::kCls:
      std::copy_n(states, dim, out);
      break;
    case PoolingMode::kLastToken:
      std::copy_n(states + (rows - 1) * dim, dim, out);
      break;
    case PoolingMode::kMax:
      std::copy_n(states, dim, out);
      for (int64_t i = 1; i < rows; ++i) {
        for (int64_t c = 0; c < dim; ++c) out[c] = std::max(out[c], states[i * dim + c]);
      }
      break;
    case PoolingMode::kMean:
      weighted_sum(states, rows, dim, equal, 1 / n, out);
      break;
    case PoolingMode::kMeanSqrt:
      weighted_sum(states, rows, dim, equal, 1 / std::sqrt(n), out);
      break;
    case PoolingMode::kWeightedMean:
      weighted_sum(
          states, rows, dim, [](int64_t i) { return static_cast<float>(i + 1); }, 2 / (n * (n + 1)), out);
      break;
  }
}

}  // namespace

void pool(std::span<const PoolingMode> modes, const float* states, int64_t rows, int64_t dim, float* out) {
  for (const PoolingMode mode : modes) {
    if (rows == 0) {
      std::fill_n(out, dim, 0.0f);
    } else {
      pool_one(mode, states, rows, dim, out);
    }
    out += dim;
  }
}

}  // namespace whitney::infer
