#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/data/interactions.h"
#include "whitney/eval/ranking_quality.h"
#include "whitney/recommend/recommender.h"

namespace whitney::eval {

/// Numbers of training events from `least` to `most`: cold users and items are those of few.
struct EventRange {
  int64_t least = 0, most = 0;
  bool holds(int64_t events) const { return least <= events && events <= most; }
  /// "0", "1-9", "50 and more".
  WHITNEY_API std::string text() const;
};

/// The ranges that begin at each of some ascending numbers; the last has no end. {0, 1, 10, 50}: 0, 1-9,
/// 10-49, 50 and more.
WHITNEY_API std::vector<EventRange> event_ranges(std::span<const int64_t> begins);

/// For each range the places in `qualities` of the users with so many training events: a figure's mean over
/// them is the slice's.
WHITNEY_API std::vector<std::vector<int64_t>> user_slices(const UserQualities& qualities,
                                                          const Interactions& train,
                                                          std::span<const EventRange> ranges);

/// How well the first k items of lists meet the items that have so many training events: for each user who
/// took some of them (T'_u), recall |R_k and T'_u| / |T'_u|. The other items of a list stay where they are.
struct ItemSlice {
  std::vector<uint32_t> users;
  std::vector<double> recall;
};
WHITNEY_API std::vector<ItemSlice> item_slices(std::span<const uint32_t> users,
                                               const std::vector<std::vector<recommend::ScoredItem>>& lists,
                                               const Interactions& test, const Interactions& train, int64_t k,
                                               std::span<const EventRange> ranges);

}  // namespace whitney::eval
