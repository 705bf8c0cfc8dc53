#include "whitney/codec/f16.h"

#include <cmath>
#include <cstring>

#include "whitney/codec/codec.h"
#include "whitney/core/error.h"

namespace whitney::codec {
namespace {

class F16Codec : public Codec {
 public:
  explicit F16Codec(int64_t dim) : dim_(dim) {}
  int64_t dim() const override { return dim_; }
  int64_t code_bytes() const override { return 2 * dim_; }
  std::optional<DType> plain_type() const override { return DType::kF16; }
  void encode(const float* row, uint8_t* code, uint8_t* /*fine*/) const override {
    for (int64_t i = 0; i < dim_; ++i) {
      const Float16 half = to_float16(row[i]);
      if (!std::isfinite(to_float(half)))
        fail("holds ", row[i], ", which float16 cannot (the most is 65504; bf16 can)");
      std::memcpy(code + 2 * i, &half.bits, 2);
    }
  }
  void decode(const uint8_t* code, const uint8_t* /*fine*/, float* row) const override {
    for (int64_t i = 0; i < dim_; ++i) {
      Float16 half;
      std::memcpy(&half.bits, code + 2 * i, 2);
      row[i] = to_float(half);
    }
  }
  void save(ArtifactWriter& /*writer*/, const std::string& /*prefix*/) const override {}

 private:
  int64_t dim_;
};

std::unique_ptr<Codec> fit(const Rows& rows, const F16Options& /*options*/, const Context& /*context*/) {
  return std::make_unique<F16Codec>(rows.dim());
}

std::unique_ptr<Codec> open(const SavedCodec& saved, const F16Options& /*options*/) {
  return std::make_unique<F16Codec>(saved.dim);
}

const bool registered =
    register_codec<F16Options>({.name = "f16",
                                .class_name = "F16",
                                .summary = "Half precision: 2 bytes a value, 11 significant bits",
                                .description = "Rounds each value to IEEE half precision, to nearest and "
                                               "ties to even. The file holds plain vectors of "
                                               "F16, which any reader of safetensors understands, and norms "
                                               "are kept. Values beyond 65,504 are refused; "
                                               "bf16 holds them with fewer digits.",
                                .source = "IEEE 754-2008, binary16",
                                .example = "whitney compress f16 nodes.safetensors -o small.safetensors"},
                               fit, open);

}  // namespace
}  // namespace whitney::codec
