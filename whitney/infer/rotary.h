#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "whitney/core/array.h"
#include "whitney/infer/model_config.h"

namespace whitney::infer {

/// Cosines and sines of positions 0 .. num_positions - 1: `half` of each a position, computed in double and
/// rounded once (within 2 units in the last place up to position 8,191, half a unit but where they near 0).
struct RotaryAngles {
  int64_t num_positions = 0;
  int64_t half = 0;
  Array<float> cosines;
  Array<float> sines;
};

/// Rotary positions (Su et al. 2021, arXiv 2104.09864) in their half-split form: coordinates i and i + half
/// of a head turn together by position * frequency i; those from 2 half on stay. (The interleaved form is
/// this one with the rows of the query's and key's weights reordered: `deinterleave_heads` in linear.h.)
class RotaryPositions {
 public:
  /// Throws Error that begins with `where` for a kind of scaling that is not known.
  RotaryPositions(const RopeSettings& settings, int64_t head_dim, std::string_view where);

  /// Angles of at least so many positions. Safe from many threads.
  std::shared_ptr<const RotaryAngles> reach(int64_t num_positions) const;
  const std::vector<double>& frequencies() const { return frequencies_; }

 private:
  std::vector<double> frequencies_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const RotaryAngles> angles_;
};

}  // namespace whitney::infer
