#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "whitney/core/api.h"
#include "whitney/core/array.h"
#include "whitney/core/context.h"
#include "whitney/data/ids.h"

namespace whitney {

/// Events of users with items, as CSR: row u lists the items of user u, ascending, each once. Users and items
/// have ids of their own and may be equal to one another.
struct WHITNEY_API Interactions {
  Ids users, items;
  /// One more than users: where each begins.
  Array<int64_t> offsets;
  /// The item of each event.
  Array<uint32_t> targets;
  /// As long as `targets`, or empty: ratings or counts; times in seconds since 1970 UTC.
  Array<float> values;
  Array<int64_t> times;
  /// The file that they were read from, for errors; empty: none, they came from memory.
  std::string source = {};

  /// Begins a sentence about them: "events.tsv: ", or nothing where there is no file.
  std::string where() const { return source.empty() ? std::string() : source + ": "; }
  int64_t num_users() const { return users.size(); }
  int64_t num_items() const { return items.size(); }
  /// Pairs of a user and an item.
  int64_t size() const { return targets.size(); }
  int64_t degree(int64_t user) const { return offsets[user + 1] - offsets[user]; }
  std::span<const uint32_t> items_of(int64_t user) const {
    return targets.span().subspan(static_cast<size_t>(offsets[user]), static_cast<size_t>(degree(user)));
  }
};

/// Events as arrays, in any order: what readers and Python hand over. values and times may be empty.
struct EventArrays {
  std::span<const uint32_t> users, items;
  std::span<const float> values;
  std::span<const int64_t> times;
  /// The file that they were read from; empty: none.
  std::string_view source = {};
};

/// Sorts events into rows. Of events that repeat a pair the last in time stays (without times, the last of
/// all); how many fell away is a note. Throws Error for a row beyond the ids or a value that is not finite.
WHITNEY_API Interactions build_interactions(Ids users, Ids items, const EventArrays& events,
                                            const Context& context);

/// Items become users and users items; values and times follow. The same bytes at any number of threads.
WHITNEY_API Interactions transposed(const Interactions& interactions);

/// How many users each item has.
WHITNEY_API std::vector<int64_t> item_degrees(const Interactions& interactions);

/// xxh3-128 over ids, events, values and times: the fingerprint of an input in a record.
WHITNEY_API std::string fingerprint(const Interactions& interactions);

}  // namespace whitney
