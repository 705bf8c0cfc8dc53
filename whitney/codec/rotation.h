#pragma once

#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney::codec {

/// Options of a random rotation before a codec.
struct RotationOptions {
  MethodChoice codec{"lvq", Value::object()};
  void fields(auto&& field) { field("codec", codec, "compress", "Codec of the rotated vectors"); }
};

}  // namespace whitney::codec
