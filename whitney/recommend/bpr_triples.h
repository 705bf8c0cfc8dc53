#pragma once

#include <cstdint>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/data/interactions.h"

namespace whitney::recommend {

/// Users, an item that each has, and one that each has not, by rows.
struct BprTriples {
  std::vector<uint32_t> users, positives, negatives;
  int64_t size() const { return static_cast<int64_t>(users.size()); }
};

/// Draws triples for Bayesian personalised ranking (Rendle et al., UAI 2009) as LightGCN's authors do: a
/// uniform user, a uniform item of the user, and a uniform item that the user has not, all of the training
/// events. Each draw is a function of (seed, its number).
class WHITNEY_API BprSampler {
 public:
  /// Keeps a reference to the events. Throws Error when no user has an item and lacks another.
  BprSampler(const Interactions& events, uint64_t seed);

  /// Draws first, first + 1, ..., `count` of them.
  BprTriples sample(int64_t first, int64_t count, const Context& context) const;

 private:
  const Interactions& events_;
  uint64_t seed_;
  /// Users that have some items but not all.
  std::vector<uint32_t> users_;
};

}  // namespace whitney::recommend
