#pragma once

#include <cstdint>

#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney::codec {

/// Options of a projection on principal components before a codec.
struct PcaOptions {
  int64_t dim = 64;
  MethodChoice codec{"lvq", Value::object()};
  void fields(auto&& field) {
    field("dim", dim, Range{1, 1 << 16}, "Components that are kept, those of the largest variance");
    field("codec", codec, "compress", "Codec of the projected vectors");
  }
};

}  // namespace whitney::codec
