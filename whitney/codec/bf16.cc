#include "whitney/codec/bf16.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "whitney/codec/codec.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

// The upper half of a float32, rounded to nearest, ties to even.
uint16_t to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

float from_bfloat16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

class BF16Codec : public Codec {
 public:
  explicit BF16Codec(int64_t dim) : dim_(dim) {}
  int64_t dim() const override { return dim_; }
  int64_t code_bytes() const override { return 2 * dim_; }
  std::optional<DType> plain_type() const override { return DType::kBF16; }
  void encode(const float* row, uint8_t* code, uint8_t* /*fine*/) const override {
    for (int64_t i = 0; i < dim_; ++i) {
      const uint16_t bits = to_bfloat16(row[i]);
      if (!std::isfinite(from_bfloat16(bits))) fail("holds ", row[i], ", which bfloat16 cannot");
      std::memcpy(code + 2 * i, &bits, 2);
    }
  }
  void decode(const uint8_t* code, const uint8_t* /*fine*/, float* row) const override {
    for (int64_t i = 0; i < dim_; ++i) {
      uint16_t bits;
      std::memcpy(&bits, code + 2 * i, 2);
      row[i] = from_bfloat16(bits);
    }
  }
  void save(ArtifactWriter& /*writer*/, const std::string& /*prefix*/) const override {}

 private:
  int64_t dim_;
};

std::unique_ptr<Codec> fit(const Rows& rows, const BF16Options& /*options*/, const Context& /*context*/) {
  return std::make_unique<BF16Codec>(rows.dim());
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const BF16Options& /*options*/) {
  return std::make_unique<BF16Codec>(saved.dim);
}

const bool registered = register_codec<BF16Options>(
    {.name = "bf16",
     .class_name = "BF16",
     .summary = "Brain floating point: 2 bytes a value, the range of float32, 8 significant bits",
     .description = "Keeps the upper half of each float32, rounded to nearest and ties to even. The file "
                    "holds plain vectors "
                    "of BF16, and norms are kept. Pick f16 unless values go beyond 65,504: it has eight "
                    "times the precision.",
     .source = "bfloat16, the upper half of IEEE 754 binary32",
     .example = "whitney compress bf16 nodes.safetensors -o small.safetensors"},
    fit, open);

}  // namespace
}  // namespace whitney::codec
