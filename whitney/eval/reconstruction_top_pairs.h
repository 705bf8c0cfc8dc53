#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"

namespace whitney::eval {

/// Keeps the best `capacity` of all pairs (source, node) by score, for precision@K over pairs. What is kept
/// is a function of the pairs seen, not of their order: equal scores stand by source, then node. Memory: at
/// most 2 capacity entries of 16 bytes.
class WHITNEY_API TopPairs {
 public:
  explicit TopPairs(int64_t capacity);

  /// Adds the pairs of the source that stands at `place` among the sources; hops[v] == 1 marks edges.
  void add(int64_t place, int64_t source, std::span<const float> scores, std::span<const uint8_t> hops);
  /// Adds what another one has kept.
  void add(const TopPairs& other);

  /// The share of edges among the best K pairs, for each of `sizes`; NaN where there are fewer pairs, or
  /// fewer are kept.
  std::vector<double> precision_at(std::span<const int64_t> sizes);

 private:
  struct Pair {
    uint32_t key;
    uint32_t node;
    int64_t place_and_edge;  // 2 place + (1 for an edge)
  };
  static bool before(const Pair& a, const Pair& b);
  void shrink();

  int64_t capacity_;
  uint32_t bound_;
  std::vector<Pair> pairs_;
};

}  // namespace whitney::eval
