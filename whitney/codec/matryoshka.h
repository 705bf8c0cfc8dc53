#pragma once

#include <cstdint>

#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney::codec {

/// Options of Matryoshka truncation (Kusupati et al. 2022, arXiv 2205.13147).
struct MatryoshkaOptions {
  int64_t dim = 64;
  MethodChoice codec{"f16", Value::object()};
  void fields(auto&& field) {
    field("dim", dim, Range{1, 1 << 20}, "First dimensions that are kept");
    field("codec", codec, "compress", "Codec of the shortened vectors");
  }
};

}  // namespace whitney::codec
