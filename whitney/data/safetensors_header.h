#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/dtype.h"
#include "whitney/core/value.h"

namespace whitney {

/// A tensor as the header of a safetensors file tells of it.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kU8;
  std::vector<int64_t> shape;
  /// Bytes [begin, end) behind the header.
  int64_t begin = 0;
  int64_t end = 0;
  /// The name of the type where the caller reads it by itself; `dtype` is U8 then.
  std::string own_type = {};
};

struct SafetensorsHeader {
  /// The strings of `__metadata__`, an object.
  Value metadata = Value::object();
  /// In the order of the file.
  std::vector<TensorEntry> tensors;
  /// Where the first tensor begins in the file.
  int64_t data_start = 0;
};

/// Reads the header of a whole safetensors file and checks it against the file's size: known types, shapes
/// that agree with their bytes, tensors that follow each other without hole or overlap to the very end.
/// Trusts no number before it is checked. own_types: names of types of one byte beyond DType that the caller
/// reads by itself. Throws Error that begins with `where`.
WHITNEY_API SafetensorsHeader parse_safetensors_header(std::span<const std::byte> file,
                                                       std::string_view where,
                                                       std::span<const std::string_view> own_types = {});

/// Writes the header for tensors that follow each other, `metadata` first, padded with spaces so that the
/// tensors begin at a multiple of 4,096 bytes. Throws Error when a name or a text is not UTF-8.
WHITNEY_API std::string make_safetensors_header(const SafetensorsHeader& header);

/// The bytes of a shape; nothing when a size is negative or the product has no 64 bits.
WHITNEY_API std::optional<int64_t> tensor_bytes(std::span<const int64_t> shape, DType dtype);

}  // namespace whitney
