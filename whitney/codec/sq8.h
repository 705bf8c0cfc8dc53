#pragma once

namespace whitney::codec {

/// Options of scalar codes of 8 bits.
struct Sq8Options {
  bool per_dimension = true;
  void fields(auto&& field) {
    field("per_dimension", per_dimension,
          "Fit a range to each dimension; false: one range for all, which integer kernels can use as it is");
  }
};

}  // namespace whitney::codec
