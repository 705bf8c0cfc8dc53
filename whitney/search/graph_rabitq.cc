#include "whitney/search/graph_rabitq.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "whitney/linalg/code_scores.h"

namespace whitney::search {
namespace {

constexpr int64_t kFactorBytes = sizeof(float);

float middle(int bits) { return static_cast<float>((1 << bits) - 1) / 2; }

/// z in steps: 0 .. 2^bits - 1, those of 2^(bits - 1) and more for what is not negative.
int step_of(float z, float inverse_step, int bits) {
  const int half = 1 << (bits - 1);
  const auto steps = static_cast<int>(
      std::clamp(std::floor(z * inverse_step), static_cast<float>(-half), static_cast<float>(half - 1)));
  return steps + half;
}

struct Fit {
  double along = 0, square = 0;  // <z, x> and <x, x> of the grid's point x
  double cosine() const { return square > 0 ? along / std::sqrt(square) : 0; }
};

Fit fit_of(std::span<const float> z, float inverse_step, int bits) {
  Fit fit;
  for (const float value : z) {
    const double x = static_cast<double>(step_of(value, inverse_step, bits)) - middle(bits);
    fit.along += x * value;
    fit.square += x * x;
  }
  return fit;
}

}  // namespace

int64_t rabitq_detail_bytes(int64_t dim, int bits) { return kFactorBytes + packed_code_bytes(dim, bits); }

float rabitq_factor(const uint8_t* detail) {
  float factor;
  std::memcpy(&factor, detail, sizeof(factor));
  return factor;
}

RabitqHead encode_rabitq(std::span<const float> z, int bits, uint8_t* signs, uint8_t* detail) {
  const auto dim = std::ssize(z);
  std::fill_n(signs, rabitq_sign_bytes(dim), uint8_t{0});
  double square = 0, size = 0;
  float largest = 0;
  for (size_t i = 0; i < z.size(); ++i) {
    square += static_cast<double>(z[i]) * z[i];
    size += std::abs(z[i]);
    largest = std::max(largest, std::abs(z[i]));
    if (z[i] >= 0) signs[i / 8] = static_cast<uint8_t>(signs[i / 8] | 1U << (i % 8));
  }
  // The grid may end before the largest value: of few bits, finer steps are worth more.
  constexpr int kTrials = 16;
  const float whole = static_cast<float>(1 << (bits - 1)) / std::max(largest, 1e-30F);
  float inverse_step = whole;
  Fit best = fit_of(z, whole, bits);
  for (int trial = 1; trial < kTrials; ++trial) {
    const float tried = whole * (1 + 1.3F * static_cast<float>(trial) / kTrials);
    const Fit fit = fit_of(z, tried, bits);
    if (fit.cosine() <= best.cosine()) continue;
    best = fit;
    inverse_step = tried;
  }
  std::vector<uint8_t> values(z.size());
  for (size_t i = 0; i < z.size(); ++i) values[i] = static_cast<uint8_t>(step_of(z[i], inverse_step, bits));
  const auto factor = best.square > 0 && square > 0 ? static_cast<float>(best.along / best.square) : 0.0F;
  std::memcpy(detail, &factor, sizeof(factor));
  pack_codes(values.data(), dim, bits, detail + kFactorBytes);
  return {static_cast<float>(square), size > 0 ? static_cast<float>(square / size) : 0.0F};
}

void decode_rabitq(const uint8_t* detail, int bits, std::span<float> z) {
  const float factor = rabitq_factor(detail);
  std::vector<uint8_t> values(z.size());
  unpack_codes(detail + kFactorBytes, std::ssize(z), bits, values.data());
  for (size_t i = 0; i < z.size(); ++i) z[i] = factor * (static_cast<float>(values[i]) - middle(bits));
}

}  // namespace whitney::search
