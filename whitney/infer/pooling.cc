#include "whitney/infer/pooling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

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

// What rows count: their tokens' weights, or 1 each.
struct RowWeights {
  std::span<const float> weights;
  int64_t rows;
  int64_t places_before;

  float operator[](int64_t i) const { return weights.empty() ? 1.0f : weights[static_cast<size_t>(i)]; }
  double total() const {
    if (weights.empty()) return static_cast<double>(rows);
    return std::max(std::accumulate(weights.begin(), weights.end(), 0.0), 1e-9);
  }
  // By place, what divides: sentence-transformers leaves the places out of it where tokens have weights.
  double total_by_place() const {
    const double n = static_cast<double>(rows), before = static_cast<double>(places_before);
    return weights.empty() ? n * (n + 1) / 2 + n * before : total();
  }
};

// The larger one, or the one that is no number: std::max would lose it.
float max_or_nan(float a, float b) { return a < b || std::isnan(b) ? b : a; }

void pool_one(PoolingMode mode, const float* states, const RowWeights& weights, int64_t dim, float* out) {
  const int64_t rows = weights.rows;
  const auto weight = [&](int64_t i) { return weights[i]; };
  const auto by_place = [&](int64_t i) {
    return static_cast<float>(weights.places_before + i + 1) * weights[i];
  };
  switch (mode) {
    case PoolingMode::kCls:
      weighted_sum(states, 1, dim, weight, 1, out);
      break;
    case PoolingMode::kLastToken:
      weighted_sum(states + (rows - 1) * dim, 1, dim, [&](int64_t) { return weights[rows - 1]; }, 1, out);
      break;
    case PoolingMode::kMax:
      weighted_sum(states, 1, dim, weight, 1, out);
      for (int64_t i = 1; i < rows; ++i) {
        const float factor = weights[i];
        for (int64_t c = 0; c < dim; ++c) out[c] = max_or_nan(out[c], factor * states[i * dim + c]);
      }
      break;
    case PoolingMode::kMean:
      weighted_sum(states, rows, dim, weight, 1 / weights.total(), out);
      break;
    case PoolingMode::kMeanSqrt:
      weighted_sum(states, rows, dim, weight, 1 / std::sqrt(weights.total()), out);
      break;
    case PoolingMode::kWeightedMean:
      weighted_sum(states, rows, dim, by_place, 1 / weights.total_by_place(), out);
      break;
  }
}

}  // namespace

void pool(std::span<const PoolingMode> modes, const float* states, int64_t rows, int64_t dim,
          std::span<const float> weights, float* out, int64_t places_before) {
  for (const PoolingMode mode : modes) {
    if (rows == 0) {
      std::fill_n(out, dim, 0.0f);
    } else {
      pool_one(mode, states, {weights, rows, places_before}, dim, out);
    }
    out += dim;
  }
}

}  // namespace whitney::infer
