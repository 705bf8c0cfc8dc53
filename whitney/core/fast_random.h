#pragma once

#include <cstdint>
#include <string_view>

#include "whitney/core/random.h"

namespace whitney {

/// Random numbers for inner loops, about 1 ns each: SplitMix64 (Steele, Lea, Flood 2014), started from a
/// RandomStream, so that it is a function of (seed, purpose, item) all the same.
class FastRandom {
 public:
  FastRandom() = default;
  explicit FastRandom(RandomStream stream) : state_(stream.next_u64()) {}
  FastRandom(uint64_t seed, std::string_view purpose, uint64_t item)
      : FastRandom(RandomStream(seed, purpose, item)) {}

  uint64_t next_u64() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, 1), 24 bits.
  float uniform() { return static_cast<float>(next_u64() >> 40) * 0x1p-24F; }

 private:
  uint64_t state_ = 0;
};

/// One random number as a place in 0..bound-1 and 32 further bits that say where in that place it fell. The
/// places' probabilities differ by less than bound / 2^64, the further bits' by bound / 2^32.
struct PlaceAndRest {
  uint64_t place;
  uint32_t rest;
};
inline PlaceAndRest place_and_rest(uint64_t random, uint64_t bound) {
  const auto product = static_cast<unsigned __int128>(random) * bound;
  return {static_cast<uint64_t>(product >> 64), static_cast<uint32_t>(static_cast<uint64_t>(product) >> 32)};
}

}  // namespace whitney
