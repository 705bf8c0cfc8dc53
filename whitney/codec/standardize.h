#pragma once

#include <optional>

#include "whitney/core/options.h"
#include "whitney/core/value.h"

namespace whitney::codec {

/// Options of standardisation: each dimension less its mean, over its standard deviation.
struct StandardizeOptions {
  MethodChoice codec{"f16", Value::object()};
  std::optional<Path> like;
  void fields(auto&& field) {
    field("codec", codec, "compress", "Codec of the changed vectors");
    field("like", like,
          "A file that this method wrote, whose means and deviations are taken: for queries of an index "
          "that was made of its vectors");
  }
};

}  // namespace whitney::codec
