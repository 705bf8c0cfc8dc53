#pragma once

#include <cstdint>
#include <optional>

#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney::codec {

/// Options of all-but-the-top (Mu & Viswanath 2018, arXiv 1702.01417).
struct AllButTheTopOptions {
  std::optional<int64_t> num_components;
  MethodChoice codec{"f16", Value::object()};
  std::optional<Path> like;
  void fields(auto&& field) {
    field(
        "num_components", num_components, Range{0, 1 << 16},
        "Principal components that are removed, D in the paper; absent: a hundredth of the dimensions, 1 at "
        "least");
    field("codec", codec, "compress", "Codec of the changed vectors");
    field("like", like,
          "A file that this method wrote, whose mean and components are taken: for queries of an index that "
          "was made of its vectors");
  }
};

}  // namespace whitney::codec
