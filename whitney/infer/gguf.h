#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/core/value.h"
#include "whitney/infer/weight_type.h"

namespace whitney::infer {

/// A tensor as a GGUF file tells of it.
struct GgufTensor {
  std::string name;
  WeightType type = WeightType::kF32;
  /// Outermost first: the reverse of the file's order.
  std::vector<int64_t> shape;
  /// Bytes [begin, end) of the file.
  int64_t begin = 0;
  int64_t end = 0;
};

/// A GGUF file (ggml's format, versions 2 and 3, little-endian), mapped.
struct GgufFile {
  std::string path;
  Array<std::byte> bytes;
  int version = 3;
  /// Key to value, in the file's order; arrays are lists, but those of 8-bit integers strings of their bytes.
  Value metadata = Value::object();
  /// In the file's order.
  std::vector<GgufTensor> tensors;

  /// The value of "general.architecture".
  const std::string& architecture() const;
};

/// Maps and reads a file. Throws Error that names the file and the place when it is no GGUF file, cut short
/// or inconsistent, or holds a type that Whitney does not read.
GgufFile open_gguf(const std::string& path);
/// Reads the header of a whole file; trusts no length, count or offset before it is checked against what
/// remains. Throws as open_gguf.
GgufFile parse_gguf(Array<std::byte> bytes, const std::string& path);

}  // namespace whitney::infer
