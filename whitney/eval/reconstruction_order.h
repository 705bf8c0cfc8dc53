#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/linalg/ranked_scores.h"

namespace whitney::eval {

/// A node that a source ranks: the key of its score in the upper half, the node in the lower, so that
/// ascending order is that of ranks.
using Candidate = uint64_t;
constexpr uint32_t node_of(Candidate candidate) { return static_cast<uint32_t>(candidate); }
constexpr uint32_t key_of(Candidate candidate) { return static_cast<uint32_t>(candidate >> 32); }

/// Puts the candidates of one source after another in order. Keeps its memory: one object a thread.
class WHITNEY_API CandidateOrder {
 public:
  /// The nodes by falling score, equal scores by node, down to the worst one whose hop is not 0: nothing
  /// behind it counts (all of them where it scores NaN, which ranks last). The source is none. At least one
  /// hop is not 0. Valid until the next call. Sorts by buckets of score: O(n) where scores are spread.
  std::span<const Candidate> of(int64_t source, std::span<const float> scores, std::span<const uint8_t> hops);

 private:
  void sort(std::span<const float> scores, std::span<const uint32_t> nodes);
  void sort_buckets(std::span<const uint32_t> nodes);

  /// Scores and nodes from the lowest score up that counts, in front.
  std::vector<float> scores_;
  std::vector<uint32_t> nodes_;
  std::vector<Candidate> candidates_;
  std::vector<uint32_t> keys_, bucket_of_, bucket_ends_, crowded_;
};

}  // namespace whitney::eval
