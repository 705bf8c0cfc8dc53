#pragma once

#include <cstdint>

namespace whitney::codec {

/// Weights of sums stand in groups of as many dimensions; those behind the last one are 0.
inline constexpr int64_t kRabitqGroup = 16;
constexpr int64_t rabitq_padded(int64_t dim) {
  return (dim + kRabitqGroup - 1) / kRabitqGroup * kRabitqGroup;
}

/// A code of rabitq by both levels: number i is sign_i 2^low_bits + low_i.
struct RabitqNumbers {
  /// A bit a dimension, 1 where it is positive.
  const uint8_t* signs = nullptr;
  /// low_bits (0 to 7) bits a dimension, one behind the other; not read where they are 0.
  const uint8_t* low = nullptr;
  int low_bits = 0;
  int64_t dim = 0;
};

/// Computes sum_i (weights[i] - less[i]) u_i. Both have rabitq_padded(dim) numbers; `less` may be null. Reads
/// no byte behind the code. A sum depends on the code, the weights and the SIMD level only.
float rabitq_sum(const RabitqNumbers& code, const float* weights, const float* less);

}  // namespace whitney::codec
