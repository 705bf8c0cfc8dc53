#pragma once

namespace whitney::codec {

/// Options of float16: there are none.
struct F16Options {
  void fields(auto&& /*field*/) {}
};

}  // namespace whitney::codec
