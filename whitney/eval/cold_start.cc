#include "whitney/eval/cold_start.h"

#include <algorithm>
#include <limits>

#include "whitney/core/error.h"

namespace whitney::eval {

std::string EventRange::text() const {
  if (most == std::numeric_limits<int64_t>::max()) return concat(least, " and more");
  return least == most ? concat(least) : concat(least, "-", most);
}

std::vector<EventRange> event_ranges(std::span<const int64_t> begins) {
  std::vector<EventRange> ranges;
  for (size_t i = 0; i < begins.size(); ++i) {
    const bool is_last = i + 1 == begins.size();
    if (!is_last && begins[i + 1] <= begins[i])
      fail("ranges of training events begin at ", begins[i], " and then at ", begins[i + 1],
           " (expected: ascending)");
    ranges.push_back({begins[i], is_last ? std::numeric_limits<int64_t>::max() : begins[i + 1] - 1});
  }
  return ranges;
}

std::vector<std::vector<int64_t>> user_slices(const UserQualities& qualities, const Interactions& train,
                                              std::span<const EventRange> ranges) {
  std::vector<std::vector<int64_t>> slices(ranges.size());
  for (size_t place = 0; place < qualities.users.size(); ++place) {
    for (size_t r = 0; r < ranges.size(); ++r) {
      if (ranges[r].holds(train.degree(qualities.users[place])))
        slices[r].push_back(static_cast<int64_t>(place));
    }
  }
  return slices;
}

std::vector<ItemSlice> item_slices(std::span<const uint32_t> users,
                                   const std::vector<std::vector<recommend::ScoredItem>>& lists,
                                   const Interactions& test, const Interactions& train, int64_t k,
                                   std::span<const EventRange> ranges) {
  WHITNEY_CHECK(users.size() == lists.size() && k > 0);
  const std::vector<int64_t> degrees = item_degrees(train);
  std::vector<ItemSlice> slices(ranges.size());
  for (size_t i = 0; i < users.size(); ++i) {
    const auto wanted = test.items_of(users[i]);
    const std::span list = std::span(lists[i]).first(std::min(lists[i].size(), static_cast<size_t>(k)));
    for (size_t r = 0; r < ranges.size(); ++r) {
      const auto is_meant = [&](uint32_t item) { return ranges[r].holds(degrees[item]); };
      const int64_t num_wanted = std::ranges::count_if(wanted, is_meant);
      if (num_wanted == 0) continue;
      const int64_t hits = std::ranges::count_if(list, [&](const recommend::ScoredItem& scored) {
        return is_meant(scored.item) && std::ranges::binary_search(wanted, scored.item);
      });
      slices[r].users.push_back(users[i]);
      slices[r].recall.push_back(static_cast<double>(hits) / static_cast<double>(num_wanted));
    }
  }
  return slices;
}

}  // namespace whitney::eval
