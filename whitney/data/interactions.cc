#include "whitney/data/interactions.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"

namespace whitney {
namespace {

void check_events(const EventArrays& events, int64_t num_users, int64_t num_items) {
  const size_t n = events.users.size();
  WHITNEY_CHECK(events.items.size() == n && (events.values.empty() || events.values.size() == n) &&
                (events.times.empty() || events.times.size() == n));
  for (size_t i = 0; i < n; ++i) {
    if (events.users[i] >= num_users)
      fail("event ", i, " is of user row ", events.users[i], " of ", num_users);
    if (events.items[i] >= num_items)
      fail("event ", i, " is of item row ", events.items[i], " of ", num_items);
    if (!events.values.empty() && !std::isfinite(events.values[i]))
      fail("event ", i, " has the value ", events.values[i], " (expected: a finite number)");
  }
}

/// The events by user, item and time; of equal ones in the order in which they came.
std::vector<uint32_t> sorted_places(const EventArrays& events, int64_t num_users) {
  std::vector<int64_t> next(static_cast<size_t>(num_users) + 1);
  for (const uint32_t user : events.users) ++next[user + size_t{1}];
  std::partial_sum(next.begin(), next.end(), next.begin());
  const std::vector<int64_t> starts = next;
  std::vector<uint32_t> places(events.users.size());
  for (uint32_t i = 0; i < places.size(); ++i) places[static_cast<size_t>(next[events.users[i]]++)] = i;
  const auto comes_before = [&](uint32_t a, uint32_t b) {
    if (events.items[a] != events.items[b]) return events.items[a] < events.items[b];
    if (!events.times.empty() && events.times[a] != events.times[b]) return events.times[a] < events.times[b];
    return a < b;
  };
  for (size_t user = 0; user + 1 < starts.size(); ++user)
    std::sort(places.begin() + starts[user], places.begin() + starts[user + 1], comes_before);
  return places;
}

template <class T>
Array<T> picked(std::span<const T> values, const std::vector<uint32_t>& places) {
  if (values.empty()) return {};
  Array<T> result(std::ssize(places));
  std::ranges::transform(places, result.mutable_data(), [&](uint32_t place) { return values[place]; });
  return result;
}

}  // namespace

Interactions build_interactions(Ids users, Ids items, const EventArrays& events, const Context& context) {
  check_events(events, users.size(), items.size());
  if (events.users.size() >= UINT32_MAX) fail(events.users.size(), " events are more than 2^32 - 2");
  std::vector<uint32_t> places = sorted_places(events, users.size());
  const size_t num_events = places.size();
  // The last of a run of equal pairs stays.
  const auto repeats_next = [&](size_t i) {
    return i + 1 < num_events && events.users[places[i]] == events.users[places[i + 1]] &&
           events.items[places[i]] == events.items[places[i + 1]];
  };
  size_t kept = 0;
  for (size_t i = 0; i < num_events; ++i) {
    if (!repeats_next(i)) places[kept++] = places[i];
  }
  places.resize(kept);
  Interactions result;
  result.source = events.source;
  if (kept < num_events)
    context.note(concat(result.where(), num_events - kept,
                        num_events - kept == 1 ? " event repeats" : " events repeat",
                        " a pair of user and item: the last one counts"));
  result.offsets = Array<int64_t>(users.size() + 1);
  std::fill_n(result.offsets.mutable_data(), users.size() + 1, int64_t{0});
  for (const uint32_t place : places) ++result.offsets.mutable_data()[events.users[place] + int64_t{1}];
  std::partial_sum(result.offsets.begin(), result.offsets.end(), result.offsets.mutable_data());
  result.users = std::move(users);
  result.items = std::move(items);
  result.targets = picked(events.items, places);
  if (result.targets.empty()) result.targets = Array<uint32_t>(0);
  result.values = picked(events.values, places);
  result.times = picked(events.times, places);
  return result;
}

std::vector<int64_t> item_degrees(const Interactions& interactions) {
  std::vector<int64_t> degrees(static_cast<size_t>(interactions.num_items()));
  for (const uint32_t item : interactions.targets) ++degrees[item];
  return degrees;
}

Interactions transposed(const Interactions& interactions) {
  const int64_t num_items = interactions.num_items(), size = interactions.size();
  Interactions result;
  result.source = interactions.source;
  result.users = interactions.items;
  result.items = interactions.users;
  result.offsets = Array<int64_t>(num_items + 1);
  auto* offsets = result.offsets.mutable_data();
  offsets[0] = 0;
  const std::vector<int64_t> degrees = item_degrees(interactions);
  std::partial_sum(degrees.begin(), degrees.end(), offsets + 1);
  std::vector<int64_t> next(result.offsets.begin(), result.offsets.end() - 1);
  result.targets = Array<uint32_t>(size);
  if (!interactions.values.empty()) result.values = Array<float>(size);
  if (!interactions.times.empty()) result.times = Array<int64_t>(size);
  auto* targets = result.targets.mutable_data();
  float* values = interactions.values.empty() ? nullptr : result.values.mutable_data();
  int64_t* times = interactions.times.empty() ? nullptr : result.times.mutable_data();
  for (int64_t user = 0; user < interactions.num_users(); ++user) {
    for (int64_t e = interactions.offsets[user]; e < interactions.offsets[user + 1]; ++e) {
      const int64_t place = next[interactions.targets[e]]++;
      targets[place] = static_cast<uint32_t>(user);
      if (values != nullptr) values[place] = interactions.values[e];
      if (times != nullptr) times[place] = interactions.times[e];
    }
  }
  return result;
}

std::string fingerprint(const Interactions& interactions) {
  Hasher128 hasher;
  const auto add = [&](const auto& values) {
    const int64_t count = values.size();
    hasher.update(&count, sizeof(count));
    hasher.update(values.data(), count * static_cast<int64_t>(sizeof(*values.data())));
  };
  for (const Ids* ids : {&interactions.users, &interactions.items}) {
    if (ids->is_integer()) {
      add(ids->integer_array());
    } else {
      add(ids->offsets_array());
      add(ids->bytes_array());
    }
  }
  add(interactions.offsets);
  add(interactions.targets);
  add(interactions.values);
  add(interactions.times);
  return hasher.digest();
}

}  // namespace whitney
