#pragma once

namespace whitney::codec {

/// Options of scalar codes of 4 bits.
struct Sq4Options {
  bool per_dimension = true;
  void fields(auto&& field) {
    field("per_dimension", per_dimension, "Fit a range to each dimension; false: one range for all");
  }
};

}  // namespace whitney::codec
