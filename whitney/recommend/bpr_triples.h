#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/context.h"
#include "whitney/core/random.h"
#include "whitney/data/interactions.h"

namespace whitney::recommend {

/// Users, an item that each has, and one that each has not, by rows.
struct BprTriples {
  std::vector<uint32_t> users, positives, negatives;
  int64_t size() const { return static_cast<int64_t>(users.size()); }
};

/// How the users of a step's triples are drawn.
enum class Sampling : uint8_t { kWithReplacement, kWithoutReplacement };
inline constexpr auto enum_names(Sampling) {
  return std::array<std::string_view, 2>{"with_replacement", "without_replacement"};
}

/// The users who have some items but not all: of the others there is nothing to rank. Throws Error when there
/// are none.
WHITNEY_API std::vector<uint32_t> users_who_rank(const Interactions& events);

/// Draws triples for Bayesian personalised ranking (Rendle et al., UAI 2009), all of the training events: a
/// user, a uniform item of the user, and a uniform item that the user has not.
class WHITNEY_API BprSampler {
 public:
  /// Keeps a reference to the events. Throws Error when no user has an item and lacks another.
  BprSampler(const Interactions& events, uint64_t seed);

  /// Draws first, first + 1, ..., `count` of them, as LightGCN's authors do: users uniform, each draw a
  /// function of (seed, its number).
  BprTriples sample(int64_t first, int64_t count, const Context& context) const;

  /// Draws batches first, first + 1, ..., `count` of them, one behind the other, as NGCF's authors do (arXiv
  /// 1905.08108): the users of a batch are all different, or uniform where there are fewer than `batch_size`
  /// that have something to rank. Each batch is a function of (seed, its number).
  BprTriples sample_batches(int64_t first, int64_t count, int64_t batch_size, const Context& context) const;

 private:
  /// Writes triple `at`, whose user is known.
  void draw_items(uint32_t user, RandomStream& random, BprTriples& triples, int64_t at) const;
  /// The users of a batch.
  std::vector<uint32_t> draw_users(int64_t batch_size, RandomStream& random) const;

  const Interactions& events_;
  uint64_t seed_;
  std::vector<uint32_t> users_;
};

}  // namespace whitney::recommend
