#pragma once

#include <cstdint>

#include "whitney/core/api.h"

namespace whitney {

/// Bytes of `dim` codes of 8 or 4 bits. Of 4 bits, byte j holds code j in its low half and code j + h, with
/// h = (dim + 1) / 2, in its high half: both halves are then runs, which kernels load without shuffling.
constexpr int64_t packed_code_bytes(int64_t dim, int bits) { return bits == 8 ? dim : (dim + 1) / 2; }

/// Packs values below 2^bits, one a byte, and the reverse. bits: 8 or 4.
WHITNEY_API void pack_codes(const uint8_t* values, int64_t dim, int bits, uint8_t* packed);
WHITNEY_API void unpack_codes(const uint8_t* packed, int64_t dim, int bits, uint8_t* values);

/// Packed codes of many rows: row j begins at base + j * stride_bytes.
struct PackedCodes {
  const uint8_t* base = nullptr;
  int64_t stride_bytes = 0;
  int64_t dim = 0;
  int bits = 8;
};

/// Computes out[j] = sum_i weights[i] c_i of row j: float32 queries against integer codes. On this thread; a
/// row's value depends on the row and the level only.
WHITNEY_API void weighted_code_sums(const PackedCodes& codes, int64_t count, const float* weights,
                                    float* out);

/// Computes out[j] = sum_i (target[i] - steps[i] c_i)^2: squared distances where each dimension has a step.
WHITNEY_API void code_squared_l2(const PackedCodes& codes, int64_t count, const float* target,
                                 const float* steps, float* out);

/// Computes out[j] = sum_i (target[i] - offsets[j] - steps[j] c_i)^2: where each row has its own step.
WHITNEY_API void row_code_squared_l2(const PackedCodes& codes, int64_t count, const float* target,
                                     const float* offsets, const float* steps, float* out);

}  // namespace whitney
