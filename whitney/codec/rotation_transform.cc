#include "whitney/codec/rotation_transform.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "whitney/core/random.h"

namespace whitney::codec {
namespace {

// In place, orthonormal; size is a power of two. Its own inverse.
void hadamard(float* values, int64_t size) {
  for (int64_t half = 1; half < size; half *= 2) {
    for (int64_t begin = 0; begin < size; begin += 2 * half) {
      float* a = values + begin;
      float* b = a + half;
      for (int64_t i = 0; i < half; ++i) {
        const float sum = a[i] + b[i], difference = a[i] - b[i];
        a[i] = sum;
        b[i] = difference;
      }
    }
  }
  const auto factor = static_cast<float>(1 / std::sqrt(static_cast<double>(size)));
  for (int64_t i = 0; i < size; ++i) values[i] *= factor;
}

// Turns the pairs (i, i + size / 2; of an odd size the last stays) so that (a, b) becomes (a + b, a - b) /
// sqrt 2. Its own inverse.
void turn_halves(float* values, int64_t size) {
  constexpr auto kFactor = static_cast<float>(1 / std::numbers::sqrt2);
  const int64_t half = size / 2;
  for (int64_t i = 0; i < half; ++i) {
    const float sum = values[i] + values[half + i], difference = values[i] - values[half + i];
    values[i] = sum * kFactor;
    values[half + i] = difference * kFactor;
  }
}

int64_t power_below(int64_t size) {
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(size)));
}

}  // namespace

RotationTransform::RotationTransform(int64_t dim, uint64_t seed) : dim_(dim), signs_(kRounds * dim) {
  RandomStream random(seed, "rotation signs", static_cast<uint64_t>(dim));
  uint8_t* out = signs_.mutable_data();
  for (int64_t i = 0; i < signs_.size(); ++i) out[i] = static_cast<uint8_t>(random.next_u32() >> 31);
}

RotationTransform::RotationTransform(int64_t dim, Array<uint8_t> signs)
    : dim_(dim), signs_(std::move(signs)) {}

void RotationTransform::flip(int round, float* values) const {
  const uint8_t* signs = signs_.data() + round * dim_;
  for (int64_t i = 0; i < dim_; ++i) values[i] = signs[i] != 0 ? -values[i] : values[i];
}

void RotationTransform::apply(const float* in, float* out) const {
  const int64_t size = dim_, power = power_below(size);
  std::copy(in, in + size, out);
  for (int round = 0; round < kRounds; ++round) {
    flip(round, out);
    hadamard(round % 2 == 0 ? out : out + (size - power), power);
    if (power < size) turn_halves(out, size);
  }
}

void RotationTransform::invert(const float* in, float* out) const {
  const int64_t size = dim_, power = power_below(size);
  std::copy(in, in + size, out);
  for (int round = kRounds - 1; round >= 0; --round) {
    if (power < size) turn_halves(out, size);
    hadamard(round % 2 == 0 ? out : out + (size - power), power);
    flip(round, out);
  }
}

}  // namespace whitney::codec
