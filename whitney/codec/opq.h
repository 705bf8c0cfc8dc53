#pragma once

#include "whitney/codec/pq.h"
#include "whitney/core/options.h"

namespace whitney::codec {

/// Options of optimized product quantisation (Ge, He, Ke, Sun 2013).
struct OpqOptions : PqOptions {
  int num_rounds = 50;
  void fields(auto&& field) {
    PqOptions::fields(field);
    field("num_rounds", num_rounds, Range{0, 10'000},
          "Rounds that learn the rotation, at most; 0: only the better of none and principal components");
  }
};

}  // namespace whitney::codec
