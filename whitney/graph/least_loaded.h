#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace whitney::graph {

/// The sizes of parts, of which the least is known at any time: a tournament, in which each change is played
/// again up to the root, O(log parts).
class LeastLoaded {
 public:
  explicit LeastLoaded(int64_t num_parts)
      : first_leaf_(std::bit_ceil(static_cast<uint64_t>(num_parts))),
        sizes_(static_cast<size_t>(num_parts), 0),
        winners_(2 * first_leaf_, kNone) {
    for (uint32_t part = 0; part < sizes_.size(); ++part) winners_[first_leaf_ + part] = part;
    for (uint64_t match = first_leaf_ - 1; match > 0; --match) winners_[match] = winner_of(match);
  }

  int64_t of(uint32_t part) const { return sizes_[part]; }
  /// The part of the least size, of equal ones that of the lowest number.
  uint32_t least() const { return winners_[1]; }

  void add_to(uint32_t part) { change(part, 1); }
  void remove_from(uint32_t part) { change(part, -1); }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  void change(uint32_t part, int64_t by) {
    sizes_[part] += by;
    for (uint64_t match = (first_leaf_ + part) / 2; match > 0; match /= 2) winners_[match] = winner_of(match);
  }

  // The left one has the lower numbers.
  uint32_t winner_of(uint64_t match) const {
    const uint32_t left = winners_[2 * match], right = winners_[2 * match + 1];
    return right == kNone || sizes_[left] <= sizes_[right] ? left : right;
  }

  uint64_t first_leaf_;
  std::vector<int64_t> sizes_;
  /// The root is 1, the children of i are 2 i and 2 i + 1, the leaves the parts.
  std::vector<uint32_t> winners_;
};

}  // namespace whitney::graph
