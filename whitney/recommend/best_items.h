#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/data/interactions.h"
#include "whitney/linalg/top_k.h"
#include "whitney/recommend/recommender.h"

namespace whitney::recommend {

/// Collects a user's k best items from runs of scores, as `recommend` orders them: greater scores first, of
/// equal ones the lower item. Nearly all scores are below the k-th of those before them; they cost one
/// comparison of a SIMD lane, and only the others are looked up among what the user has seen.
class BestItems {
 public:
  /// seen: users x items each, which must outlive this.
  BestItems(uint32_t user, int64_t k, std::span<const Interactions* const> seen)
      : user_(user), seen_(seen), top_(k) {}
  /// Offers the scores of items first_item + i. A score of -infinity is never listed. Throws Error for one
  /// that is no number.
  void offer(std::span<const float> scores, int64_t first_item);
  /// The list, best first; what is left is empty.
  std::vector<ScoredItem> take();

 private:
  bool is_seen(uint32_t item) const;

  uint32_t user_;
  std::span<const Interactions* const> seen_;
  TopK top_;
};

}  // namespace whitney::recommend
