#include "whitney/core/dtype.h"

#include <array>
#include <bit>

namespace whitney {
namespace {

struct Entry {
  DType dtype;
  std::string_view name;
  int64_t size;
};
constexpr std::array<Entry, 13> kEntries{{{DType::kBool, "BOOL", 1},
                                          {DType::kU8, "U8", 1},
                                          {DType::kI8, "I8", 1},
                                          {DType::kU16, "U16", 2},
                                          {DType::kI16, "I16", 2},
                                          {DType::kF16, "F16", 2},
                                          {DType::kBF16, "BF16", 2},
                                          {DType::kU32, "U32", 4},
                                          {DType::kI32, "I32", 4},
                                          {DType::kF32, "F32", 4},
                                          {DType::kU64, "U64", 8},
                                          {DType::kI64, "I64", 8},
                                          {DType::kF64, "F64", 8}}};

}  // namespace

int64_t size_of(DType dtype) { return kEntries[static_cast<size_t>(dtype)].size; }

std::string_view name_of(DType dtype) { return kEntries[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_of(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return entry.dtype;
  }
  return std::nullopt;
}

Float16 to_float16(float value) noexcept {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return {static_cast<uint16_t>(sign | 0x7e00u)};  // NaN stays a (quiet) NaN
  if (magnitude >= 0x477ff000u)
    return {static_cast<uint16_t>(sign | 0x7c00u)};  // rounds beyond 65504: infinity
  if (magnitude < 0x38800000u) {
    // Subnormal halves are multiples of 2^-24: adding 0.5 lets the FPU round to that grid, ties to even.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return {static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3f000000u))};
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  const uint32_t rounded = magnitude + 0xfffu + odd - 0x38000000u;
  return {static_cast<uint16_t>(sign | (rounded >> 13))};
}

float to_float(Float16 value) noexcept {
  const uint32_t sign = static_cast<uint32_t>(value.bits & 0x8000u) << 16;
  const uint32_t exponent = (value.bits >> 10) & 0x1fu, mantissa = value.bits & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 31 ? 0x7f800000u : (exponent + 112) << 23;
  return std::bit_cast<float>(sign | wide | (mantissa << 13));
}

}  // namespace whitney
