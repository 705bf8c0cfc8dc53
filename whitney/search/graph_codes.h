#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace whitney {

/// How a graph holds its vectors: what a walk compares, and by what the hits are ranked. Those of LVQ are
/// called by the bits of its levels, those of RaBitQ by all their bits.
enum class GraphCodes : uint8_t {
  kFloat32,
  kLvq4,
  kLvq8,
  kLvq4x4,
  kLvq4x8,
  kLvq8x4,
  kLvq8x8,
  kRabitq4,
  kRabitq8
};

inline constexpr auto enum_names(GraphCodes) {
  return std::array<std::string_view, 9>{"float32", "lvq4",   "lvq8",    "lvq4x4", "lvq4x8",
                                         "lvq8x4",  "lvq8x8", "rabitq4", "rabitq8"};
}

/// The help of an option `codes`.
inline constexpr const char* kGraphCodesHelp =
    "How vectors are held. float32: as exactly as that, 4 bytes a value (1 where all are integers of a "
    "byte), "
    "the first of which a walk compares. lvqB1xB2: B1 bits a value on a grid of the vector's own for the "
    "walk, B2 more by which the hits are ranked; lvqB1: ranked by those alone. lvq8 finds nearly as much at "
    "a "
    "quarter of the bytes, lvq4x8 reads half as much in a walk and ranks better. rabitqB: B bits a value of "
    "the vector turned at random, of which the first, its sign, is for the walk";

}  // namespace whitney
