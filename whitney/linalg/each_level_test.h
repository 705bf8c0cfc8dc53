#pragma once

// What the tests of kernels share: the loop over SIMD levels, guarded inputs, lengths around lane counts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/context.h"
#include "whitney/core/random.h"
#include "whitney/linalg/simd.h"

namespace whitney {

/// Runs `body` at every level of this machine, lowest first, and goes back to the best.
template <class Body>
void at_each_level(const Body& body) {
  for (const std::string& level : simd_levels()) {
    const testing::ScopedTrace trace(__FILE__, __LINE__, "at SIMD level " + level);
    set_simd_level(level);
    body();
  }
  set_simd_level("");
}

/// 0, 1, and N-1, N, N+1, 3N+2 and 4N+1 for every number N of lanes that a level may have (4 to 64).
inline std::vector<int64_t> awkward_lengths() {
  std::set<int64_t> lengths{0, 1};
  for (int64_t lanes : {4, 8, 16, 32, 64})
    lengths.insert({lanes - 1, lanes, lanes + 1, 3 * lanes + 2, 4 * lanes + 1});
  return {lengths.begin(), lengths.end()};
}

/// A copy of values `shift` elements past a 64-byte border, between guards that spoil every sum they enter.
template <class T>
class Guarded {
 public:
  Guarded(std::span<const T> values, int64_t shift, T guard)
      : storage_(values.size() + 2 * kGuards + 64 / sizeof(T), guard) {
    const auto address = reinterpret_cast<uintptr_t>(storage_.data() + kGuards);
    const uintptr_t to_border = (64 - address % 64) % 64 / sizeof(T);
    first_ = kGuards + to_border + static_cast<size_t>(shift);
    std::copy(values.begin(), values.end(), storage_.begin() + static_cast<std::ptrdiff_t>(first_));
  }
  const T* data() const { return storage_.data() + first_; }

 private:
  static constexpr size_t kGuards = 64;
  std::vector<T> storage_;
  size_t first_ = 0;
};

inline Guarded<float> guarded(std::span<const float> values, int64_t shift) {
  return {values, shift, std::numeric_limits<float>::quiet_NaN()};
}

/// Values of both signs with magnitudes 2^-scale .. 2^scale.
inline std::vector<float> random_floats(int64_t n, uint64_t item, double scale = 3) {
  RandomStream random(42, "test", item);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values) {
    const double magnitude = std::exp2(scale * (2 * random.uniform() - 1));
    value = static_cast<float>(random.below(2) == 0 ? magnitude : -magnitude);
  }
  return values;
}

/// Small integers of both signs: their sums of products are exact in float32, at any order.
inline std::vector<float> small_integers(int64_t n, uint64_t item, uint64_t most = 3) {
  RandomStream random(42, "small integers", item);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& value : values)
    value = static_cast<float>(random.below(2 * most + 1)) - static_cast<float>(most);
  return values;
}

inline Context with_threads(int threads) {
  Context context;
  context.threads = threads;
  return context;
}

/// The unit roundoff of float32: a sum of n terms in any order errs by at most about n units of sum |terms|.
inline constexpr double kUnit = 1.0 / (1 << 24);

}  // namespace whitney
