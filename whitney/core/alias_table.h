#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/core/fast_random.h"

namespace whitney {

/// One of n equally likely places of an alias table: it stands for itself with probability threshold / 2^32,
/// else for `other`.
struct AliasSlot {
  uint32_t threshold;
  uint32_t other;
};

/// Memory that building many tables shares.
struct AliasScratch {
  std::vector<double> share;
  std::vector<uint32_t> small, large;
};

/// Fills `slots` so that draw_alias gives i with a probability proportional to weights[i], within 2^-32 of
/// it: Walker's method in Vose's form (1991). As many slots as weights; weights are finite and not negative,
/// and where all are 0 each place stands for itself. O(n).
WHITNEY_API void fill_alias_slots(std::span<const double> weights, std::span<AliasSlot> slots,
                                  AliasScratch& scratch);
WHITNEY_API void fill_alias_slots(std::span<const float> weights, std::span<AliasSlot> slots,
                                  AliasScratch& scratch);

/// Makes a table of its own.
WHITNEY_API std::vector<AliasSlot> make_alias_slots(std::span<const double> weights);

/// Makes a table for each row of weights that stand one behind the other: row i is [offsets[i], offsets[i +
/// 1]) of both the weights and the result. No weights: no tables.
WHITNEY_API Array<AliasSlot> make_alias_rows(std::span<const int64_t> offsets, std::span<const float> weights,
                                             const Context& context);

/// Draws by one random number; at least one slot.
inline uint32_t draw_alias(std::span<const AliasSlot> slots, uint64_t random) {
  const PlaceAndRest at = place_and_rest(random, slots.size());
  const AliasSlot slot = slots[at.place];
  return at.rest < slot.threshold ? static_cast<uint32_t>(at.place) : slot.other;
}

}  // namespace whitney
