#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "whitney/core/api.h"

namespace whitney {

/// A stream of random numbers that is a function of (seed, purpose, item) only: Philox 4x32-10 (Salmon et al.
/// 2011), counter-based, with our own distributions, so that equal seeds give equal bytes on every machine
/// and thread count.
class WHITNEY_API RandomStream {
 public:
  RandomStream(uint64_t seed, std::string_view purpose, uint64_t item);

  uint32_t next_u32();
  uint64_t next_u64();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  /// Uniform in (0, 1], 53 bits.
  double uniform_positive();
  /// Uniform in 0..bound-1 without bias; bound > 0.
  uint64_t below(uint64_t bound);
  /// Normal with mean 0 and deviation 1 (Box-Muller).
  double normal();

  /// Permutes in place (Fisher-Yates).
  template <class T>
  void shuffle(std::span<T> values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  void refill();
  std::array<uint32_t, 2> key_{};
  std::array<uint32_t, 4> counter_{};
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
  double spare_normal_ = 0;
  bool has_spare_normal_ = false;
};

}  // namespace whitney
