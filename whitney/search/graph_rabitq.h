#pragma once

#include <cstdint>
#include <span>

namespace whitney::search {

/// What the head of a node holds of its RaBitQ code. With s the signs (+-1) of the node's turned z:
/// |z|^2, and |z|^2 / <z, s>, so that <z, q> of a query q is estimated, without bias, by rescale <s, q>.
struct RabitqHead {
  float square = 0;
  float rescale = 0;
};

/// Bytes of the signs of a vector, and of its second level: a factor (float32), then `bits` bits a value.
constexpr int64_t rabitq_sign_bytes(int64_t dim) { return (dim + 7) / 8; }
int64_t rabitq_detail_bytes(int64_t dim, int bits);

/// Writes the signs of turned values, and their second level: values u of `bits` bits (4 or 8), of which the
/// first is the sign, that stand for factor (u - (2^bits - 1) / 2), on the grid of the greatest cosine to z.
RabitqHead encode_rabitq(std::span<const float> z, int bits, uint8_t* signs, uint8_t* detail);
/// Writes what the second level stands for.
void decode_rabitq(const uint8_t* detail, int bits, std::span<float> z);
/// The factor.
float rabitq_factor(const uint8_t* detail);

}  // namespace whitney::search
