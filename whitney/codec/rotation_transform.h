#pragma once

#include <cstdint>

#include "whitney/core/api.h"
#include "whitney/core/array.h"

namespace whitney::codec {

/// A random orthonormal map of `dim` values in O(d log d): four rounds of random signs, a fast Hadamard
/// transform of the largest power of two (in turn at the head and at the tail), and where that does not cover
/// all, a turn of the two halves by 45 degrees (Kac's walk). A vector's energy is spread evenly over the
/// coordinates, whatever it was; norms and inner products stay. Any width will do: nothing is padded.
class WHITNEY_API RotationTransform {
 public:
  /// A function of (dim, seed).
  RotationTransform(int64_t dim, uint64_t seed);
  /// From saved signs, kRounds x dim, a byte each: 0 keeps, 1 turns the sign.
  RotationTransform(int64_t dim, Array<uint8_t> signs);

  static constexpr int kRounds = 4;
  int64_t dim() const { return dim_; }
  const Array<uint8_t>& signs() const { return signs_; }

  /// Reads and writes dim() values; `in` and `out` differ.
  void apply(const float* in, float* out) const;
  /// The inverse.
  void invert(const float* in, float* out) const;

 private:
  void flip(int round, float* values) const;
  int64_t dim_;
  Array<uint8_t> signs_;
};

}  // namespace whitney::codec
