#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "whitney/core/options.h"

namespace whitney::codec {

/// Bits of a code of a subspace.
enum class PqBits : uint8_t { k4, k8 };

inline constexpr auto enum_names(PqBits) { return std::array<std::string_view, 2>{"4", "8"}; }

/// Options of product quantisation (Jegou, Douze, Schmid 2011).
struct PqOptions {
  std::optional<int64_t> num_subspaces;
  PqBits bits = PqBits::k8;
  int max_iterations = 25;
  void fields(auto&& field) {
    field("num_subspaces", num_subspaces, Range{1, 1 << 16},
          "Parts of a vector, M in the paper, each with a codebook and a code; absent: of 8 dimensions each");
    field("bits", bits, "Bits of a code: codebooks of 16 or 256 centroids");
    field("max_iterations", max_iterations, Range{1, 10'000}, "Rounds of k-means of a codebook, at most");
  }
};

}  // namespace whitney::codec
