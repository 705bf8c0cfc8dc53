#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace whitney::search {

/// A candidate for the links of a node: its squared distance, and whether it is chosen.
struct LinkCandidate {
  uint32_t node = 0;
  float distance = 0;
  bool chosen = false;
};

/// Chooses more of `candidates` (ascending) until `wanted` are chosen or none is left: those whose angle,
/// seen from the base, to every nearer chosen one has a cosine of at most t, for the least t of 5 halvings of
/// [0.5, 1] that is enough; then the nearest of the rest. distances(i): those from candidate i to the ones
/// behind it, squared, each at its place.
void complete_by_angle(std::vector<LinkCandidate>& candidates, int64_t wanted,
                       const std::function<const float*(size_t)>& distances);

}  // namespace whitney::search
