#pragma once

namespace whitney::codec {

/// Options of bfloat16: there are none.
struct BF16Options {
  void fields(auto&& /*field*/) {}
};

}  // namespace whitney::codec
