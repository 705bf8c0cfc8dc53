#pragma once

#include <array>
#include <cstdint>

#include "whitney/core/options.h"

namespace whitney {

/// How values are kept.
enum class SparseBits : uint8_t { k32, k8 };
inline constexpr auto enum_names(SparseBits) { return std::array{"32", "8"}; }

/// Options of sparse: an inverted index with block-max pruning (Mallia, Suel & Tonellotto, SIGIR 2024).
struct SparseOptions {
  SparseBits bits = SparseBits::k32;

  void fields(auto&& field) {
    field("bits", bits,
          "How values are kept: 32 as float32; 8 in steps of 1/255 of the largest value of their dimension, "
          "rounded, which takes less than half the memory and moves scores a little");
  }
};

}  // namespace whitney
