#pragma once

#include <cstdint>

#include "whitney/core/options.h"

namespace whitney::codec {

/// Options of RaBitQ (Gao & Long 2024, arXiv 2405.12497; of several bits: Gao et al. 2024, arXiv 2409.09913).
struct RabitqOptions {
  int bits = 1;
  int num_centroids = 16;
  double epsilon = 1.9;
  void fields(auto&& field) {
    field("bits", bits, Range{1, 8},
          "Bits of a dimension, B in the paper; the first is searched, the others rank what it found");
    field("num_centroids", num_centroids, Range{1, 256},
          "Means of k-means that vectors are taken around; at least 39 vectors each, else fewer");
    field("epsilon", epsilon, Range{0, 10},
          "Width of the error bound, e0 in the paper: at 1.9 one estimate in 17 errs by more");
  }
};

}  // namespace whitney::codec
