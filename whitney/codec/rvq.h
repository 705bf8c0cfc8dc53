#pragma once

#include <cstdint>
#include <optional>

#include "whitney/core/options.h"

namespace whitney::codec {

/// Options of residual vector quantisation (Chen, Guan, Wang 2010).
struct RvqOptions {
  std::optional<int64_t> num_stages;
  int64_t beam_size = 5;
  int max_iterations = 10;
  int refinements = 4;
  void fields(auto&& field) {
    field("num_stages", num_stages, Range{1, 1024},
          "Codebooks, each of what those before left over: bytes of a code; absent: one for 8 dimensions");
    field("beam_size", beam_size, Range{1, 256},
          "Choices that are followed up while a vector is encoded; faiss's max_beam_size");
    field(
        "max_iterations", max_iterations, Range{1, 10'000},
        "Rounds of k-means, at most, in each of the 10 growing numbers of dimensions in which a codebook is "
        "fitted");
    field("refinements", refinements, Range{0, 1000},
          "Rounds in which the sample is encoded anew and all codebooks are fitted to it together");
  }
};

}  // namespace whitney::codec
