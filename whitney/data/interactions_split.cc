#include "whitney/data/interactions_split.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <tuple>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/hash.h"

namespace whitney {
namespace {

enum Part : uint8_t { kTrain, kValidation, kTest };

uint64_t hash_of(std::initializer_list<uint64_t> words) {
  return hash64(std::as_bytes(std::span(words.begin(), words.size())));
}

std::vector<uint64_t> id_hashes(const Ids& ids) {
  std::vector<uint64_t> hashes(static_cast<size_t>(ids.size()));
  for (int64_t row = 0; row < ids.size(); ++row) hashes[static_cast<size_t>(row)] = hash64(ids.text(row));
  return hashes;
}

/// Calls body(user, event) for all events.
template <class Body>
void for_each_event(const Interactions& events, const Body& body) {
  for (int64_t user = 0; user < events.num_users(); ++user) {
    for (int64_t e = events.offsets[user]; e < events.offsets[user + 1]; ++e) body(user, e);
  }
}

/// Assigns parts to events by the rank of their keys; less: sooner held out.
class Splitter {
 public:
  Splitter(const Interactions& events, const InteractionsSplitOptions& options, uint64_t seed)
      : events_(events), options_(options), parts_(static_cast<size_t>(events.size()), kTrain) {
    const std::vector<uint64_t> users = id_hashes(events.users), items = id_hashes(events.items);
    draws_.resize(parts_.size());
    for_each_event(events, [&](int64_t user, int64_t e) {
      draws_[static_cast<size_t>(e)] =
          hash_of({seed, users[static_cast<size_t>(user)], items[events.targets[e]]});
    });
  }

  std::vector<uint8_t> run() {
    hold_out(kTest, options_.test_share);
    hold_out(kValidation, options_.validation_share);
    return std::move(parts_);
  }

 private:
  void hold_out(Part part, double share) {
    if (share == 0) return;
    switch (options_.by) {
      case SplitBy::kUserRatio:
      case SplitBy::kLeaveLastOut:
      case SplitBy::kLeaveRandomOut:
        for (int64_t user = 0; user < events_.num_users(); ++user) hold_out_of_user(user, part, share);
        return;
      case SplitBy::kRatio: {
        std::vector<int64_t> left = training_events(0, events_.size());
        mark(left, std::lround(share * static_cast<double>(left.size())), part);
        return;
      }
      case SplitBy::kTime:
        hold_out_by_time(part, share);
    }
  }

  void hold_out_of_user(int64_t user, Part part, double share) {
    std::vector<int64_t> left = training_events(events_.offsets[user], events_.offsets[user + 1]);
    const int64_t count =
        options_.by == SplitBy::kUserRatio ? std::lround(share * static_cast<double>(left.size())) : 1;
    mark(left, std::min(count, std::ssize(left) - 1), part);
  }

  void hold_out_by_time(Part part, double share) {
    std::vector<int64_t> times;
    for (const int64_t e : training_events(0, events_.size())) times.push_back(events_.times[e]);
    if (times.empty()) return;
    std::ranges::sort(times);
    if (part == kTest && times.front() == times.back())
      fail(events_.where(), "all ", times.size(), " events have the time ", times[0],
           ": nothing can be held out by time");
    const auto count = std::min(static_cast<size_t>(std::lround(share * static_cast<double>(times.size()))),
                                times.size() - 1);
    if (count == 0) return;
    // The first time of which all events, and all later ones, are at most so many.
    const int64_t last_kept = times[times.size() - count - 1];
    const auto first = std::ranges::upper_bound(times, last_kept);
    if (first == times.end()) return;
    for (int64_t e = 0; e < events_.size(); ++e) {
      if (parts_[static_cast<size_t>(e)] == kTrain && events_.times[e] >= *first)
        parts_[static_cast<size_t>(e)] = part;
    }
  }

  std::vector<int64_t> training_events(int64_t begin, int64_t end) const {
    std::vector<int64_t> left;
    for (int64_t e = begin; e < end; ++e) {
      if (parts_[static_cast<size_t>(e)] == kTrain) left.push_back(e);
    }
    return left;
  }

  void mark(std::vector<int64_t>& events, int64_t count, Part part) {
    if (count <= 0) return;
    const bool by_time = options_.by == SplitBy::kLeaveLastOut;
    std::ranges::nth_element(events, events.begin() + count, {}, [&](int64_t e) {
      return std::tuple(by_time ? -events_.times[e] : 0, draws_[static_cast<size_t>(e)], e);
    });
    for (int64_t i = 0; i < count; ++i) parts_[static_cast<size_t>(events[static_cast<size_t>(i)])] = part;
  }

  const Interactions& events_;
  const InteractionsSplitOptions& options_;
  std::vector<uint8_t> parts_;
  std::vector<uint64_t> draws_;
};

Interactions events_of_part(const Interactions& events, const std::vector<uint8_t>& parts, Part part) {
  const int64_t count = std::ranges::count(parts, part);
  Interactions result;
  result.source = events.source;
  result.users = events.users;
  result.items = events.items;
  result.offsets = Array<int64_t>(events.num_users() + 1);
  result.targets = Array<uint32_t>(count);
  if (!events.values.empty()) result.values = Array<float>(count);
  if (!events.times.empty()) result.times = Array<int64_t>(count);
  int64_t* offsets = result.offsets.mutable_data();
  std::fill_n(offsets, events.num_users() + 1, int64_t{0});
  int64_t next = 0;
  for_each_event(events, [&](int64_t user, int64_t e) {
    if (parts[static_cast<size_t>(e)] != part) return;
    ++offsets[user + 1];
    result.targets.mutable_data()[next] = events.targets[e];
    if (!events.values.empty()) result.values.mutable_data()[next] = events.values[e];
    if (!events.times.empty()) result.times.mutable_data()[next] = events.times[e];
    ++next;
  });
  std::partial_sum(offsets, offsets + events.num_users() + 1, offsets);
  return result;
}

}  // namespace

bool needs_times(SplitBy by) { return by == SplitBy::kLeaveLastOut || by == SplitBy::kTime; }

InteractionsSplit split_interactions(const Interactions& events, const InteractionsSplitOptions& options,
                                     const Context& context) {
  if (needs_times(options.by) && events.times.empty())
    fail(events.where(), "a split by ", enum_names(options.by)[static_cast<size_t>(options.by)],
         " needs the times of events, which this input lacks (expected: a column of times; without one, "
         "split by "
         "user_ratio or leave_random_out)");
  const std::vector<uint8_t> parts = Splitter(events, options, context.seed).run();
  InteractionsSplit split{events_of_part(events, parts, kTrain),
                          events_of_part(events, parts, kValidation),
                          events_of_part(events, parts, kTest),
                          {}};
  const Interactions* const all[] = {&split.train, &split.validation, &split.test};
  split.checksum = split_checksum(all);
  return split;
}

std::string split_checksum(std::span<const Interactions* const> parts) {
  // Sums of hashes do not depend on the order.
  uint64_t low = 0, high = 0;
  for (size_t part = 0; part < parts.size(); ++part) {
    const Interactions& events = *parts[part];
    const std::vector<uint64_t> users = id_hashes(events.users), items = id_hashes(events.items);
    for_each_event(events, [&](int64_t user, int64_t e) {
      const uint64_t u = users[static_cast<size_t>(user)], i = items[events.targets[e]];
      low += hash_of({part, u, i});
      high += hash_of({part, i, u});
    });
  }
  char digits[33];
  std::snprintf(digits, sizeof(digits), "%016llx%016llx", static_cast<unsigned long long>(high),
                static_cast<unsigned long long>(low));
  return digits;
}

}  // namespace whitney
