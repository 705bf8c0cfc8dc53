#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/api.h"

namespace whitney {

/// Type of the elements of a tensor; the names are those of the safetensors format.
enum class DType : uint8_t { kBool, kU8, kI8, kU16, kI16, kF16, kBF16, kU32, kI32, kF32, kU64, kI64, kF64 };

/// Gives the bytes of one element.
WHITNEY_API int64_t size_of(DType dtype);
/// Gives the name in the safetensors format, such as "F32".
WHITNEY_API std::string_view name_of(DType dtype);
/// Finds a type by its safetensors name.
WHITNEY_API std::optional<DType> dtype_of(std::string_view name);

/// IEEE half precision as its bits; a distinct type, so that it is not taken for a number.
struct Float16 {
  uint16_t bits = 0;
  friend bool operator==(Float16, Float16) = default;
};

/// Rounds to the nearest half, ties to even; beyond the range becomes infinity.
WHITNEY_API Float16 to_float16(float value) noexcept;
/// Widens exactly.
WHITNEY_API float to_float(Float16 value) noexcept;

template <class T>
constexpr DType dtype_for();
template <>
constexpr DType dtype_for<bool>() {
  return DType::kBool;
}
template <>
constexpr DType dtype_for<uint8_t>() {
  return DType::kU8;
}
template <>
constexpr DType dtype_for<int8_t>() {
  return DType::kI8;
}
template <>
constexpr DType dtype_for<uint16_t>() {
  return DType::kU16;
}
template <>
constexpr DType dtype_for<int16_t>() {
  return DType::kI16;
}
template <>
constexpr DType dtype_for<Float16>() {
  return DType::kF16;
}
template <>
constexpr DType dtype_for<uint32_t>() {
  return DType::kU32;
}
template <>
constexpr DType dtype_for<int32_t>() {
  return DType::kI32;
}
template <>
constexpr DType dtype_for<float>() {
  return DType::kF32;
}
template <>
constexpr DType dtype_for<uint64_t>() {
  return DType::kU64;
}
template <>
constexpr DType dtype_for<int64_t>() {
  return DType::kI64;
}
template <>
constexpr DType dtype_for<double>() {
  return DType::kF64;
}

}  // namespace whitney
