#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/dtype.h"

namespace whitney::infer {

/// How a checkpoint stores the values of a tensor: the plain types of safetensors, and ggml's blocks, in
/// which neighbouring values share their scales.
enum class WeightType : uint8_t {
  kF32,
  kF16,
  kBF16,
  kF64,
  kF8_E4M3,
  kF8_E5M2,
  kBool,
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kU64,
  kI64,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ2_K,
  kQ3_K,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kQ8_K
};

/// `block_values` neighbouring values of a row take `block_bytes` bytes.
struct BlockLayout {
  int64_t block_values = 1;
  int64_t block_bytes = 0;
};

/// Gives the layout of a type; plain types are blocks of one value.
BlockLayout layout_of(WeightType type);
/// Gives the type's name as the formats write it: "BF16", "Q4_K".
std::string_view name_of(WeightType type);
/// The type of a safetensors tensor.
WeightType weight_type_of(DType dtype);
/// The type with ggml's number (GGUF's tensor infos); nothing for numbers that are not read.
std::optional<WeightType> ggml_type(uint32_t number);
/// ggml's name of any of its numbers, also of those that are not read ("IQ2_XS"); empty when it has none.
std::string_view ggml_name(uint32_t number);
/// The types of safetensors that no artifact holds: floats of 8 bits.
inline constexpr std::array<std::string_view, 2> kFloat8Names{"F8_E4M3", "F8_E5M2"};
/// The type with a name of those; nothing for other names.
std::optional<WeightType> float8_type(std::string_view name);
/// The value of a float of 8 bits, in the forms of safetensors and torch: E4M3 has no infinities, NaN where
/// all other bits are set; E5M2 is the upper half of a float16. `type` must be one of both.
float float8_value(WeightType type, uint8_t bits);
/// True when values of the type can be read as float32: floats and ggml's blocks.
bool is_readable(WeightType type);

}  // namespace whitney::infer
