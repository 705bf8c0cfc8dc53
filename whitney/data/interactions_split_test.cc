#include "whitney/data/interactions_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney {
namespace {

using ::testing::HasSubstr;

/// Events of 40 users, 3 to 22 each, with times of which some are equal.
Interactions sample_events(bool with_times = true) {
  std::vector<uint32_t> users, items;
  std::vector<float> values;
  std::vector<int64_t> times;
  RandomStream random(7, "sample events", 0);
  for (uint32_t user = 0; user < 40; ++user) {
    for (uint32_t i = 0; i < 3 + user / 2; ++i) {
      users.push_back(user);
      items.push_back((i * 7 + user) % 50);
      values.push_back(static_cast<float>(i));
      times.push_back(static_cast<int64_t>(random.below(300)));
    }
  }
  if (!with_times) times.clear();
  return build_interactions(Ids::row_numbers(40), Ids::row_numbers(50), {users, items, values, times}, {});
}

struct Event {
  float value;
  int64_t time;
  friend bool operator==(const Event&, const Event&) = default;
};
using Events = std::map<std::pair<std::string, std::string>, Event>;

Events events_of(const Interactions& part) {
  Events events;
  for (int64_t user = 0; user < part.num_users(); ++user) {
    for (int64_t e = part.offsets[user]; e < part.offsets[user + 1]; ++e)
      events[{part.users.text(user), part.items.text(part.targets[e])}] = {
          part.values[e], part.times.empty() ? 0 : part.times[e]};
  }
  return events;
}

InteractionsSplit split_by(SplitBy by, const Interactions& events, uint64_t seed = 42) {
  Context context;
  context.seed = seed;
  return split_interactions(events, {.by = by}, context);
}

constexpr SplitBy kAll[] = {SplitBy::kUserRatio, SplitBy::kRatio, SplitBy::kLeaveLastOut,
                            SplitBy::kLeaveRandomOut, SplitBy::kTime};

TEST(InteractionsSplit, PutsEachEventIntoOnePartWithItsValueAndTime) {
  const Interactions events = sample_events();
  for (const SplitBy by : kAll) {
    const InteractionsSplit split = split_by(by, events);
    Events together = events_of(split.train);
    together.merge(events_of(split.validation));
    together.merge(events_of(split.test));
    EXPECT_EQ(together, events_of(events));
    EXPECT_EQ(split.train.size() + split.validation.size() + split.test.size(), events.size());
    EXPECT_GT(split.test.size(), 0);
    EXPECT_GT(split.validation.size(), 0);
  }
}

TEST(InteractionsSplit, HoldsOutARoundedShareOfEveryUser) {
  const Interactions events = sample_events();
  const InteractionsSplit split = split_by(SplitBy::kUserRatio, events);
  for (int64_t user = 0; user < events.num_users(); ++user) {
    const auto n = static_cast<double>(events.degree(user));
    const int64_t of_test = std::lround(0.2 * n);
    EXPECT_EQ(split.test.degree(user), of_test);
    EXPECT_EQ(split.validation.degree(user), std::lround(0.1 * (n - static_cast<double>(of_test))));
  }
}

TEST(InteractionsSplit, HoldsOutARoundedShareOfAll) {
  const Interactions events = sample_events();
  const InteractionsSplit split = split_by(SplitBy::kRatio, events);
  EXPECT_EQ(split.test.size(), std::lround(0.2 * static_cast<double>(events.size())));
  EXPECT_EQ(split.validation.size(),
            std::lround(0.1 * static_cast<double>(events.size() - split.test.size())));
}

TEST(InteractionsSplit, LeavesTheLastEventsOfUsersOut) {
  const InteractionsSplit split = split_by(SplitBy::kLeaveLastOut, sample_events());
  for (int64_t user = 0; user < 40; ++user) {
    ASSERT_EQ(split.test.degree(user), 1);
    ASSERT_EQ(split.validation.degree(user), 1);
    const int64_t tested = split.test.times[split.test.offsets[user]],
                  validated = split.validation.times[split.validation.offsets[user]];
    EXPECT_GE(tested, validated);
    for (int64_t e = split.train.offsets[user]; e < split.train.offsets[user + 1]; ++e)
      EXPECT_GE(validated, split.train.times[e]);
  }
}

TEST(InteractionsSplit, SplitsByTimeWithoutTearingEqualTimesApart) {
  const Interactions events = sample_events();
  const InteractionsSplit split = split_by(SplitBy::kTime, events);
  EXPECT_LT(std::ranges::max(split.train.times.span()), std::ranges::min(split.validation.times.span()));
  EXPECT_LT(std::ranges::max(split.validation.times.span()), std::ranges::min(split.test.times.span()));
  // 533 events: 107 asked for; the 108th last may share its time with those before it.
  EXPECT_LE(split.test.size(), std::lround(0.2 * static_cast<double>(events.size())));
  EXPECT_GE(split.test.size(), std::lround(0.17 * static_cast<double>(events.size())));
}

TEST(InteractionsSplit, IsTheSameInAnyOrderOfTheFile) {
  const Interactions events = sample_events();
  const auto renumbered = [&](const Interactions& from) {
    std::vector<uint32_t> users, items;
    std::vector<float> values;
    std::vector<int64_t> times, user_rows, item_rows;
    for (int64_t row = 39; row >= 0; --row) user_rows.push_back(row);
    for (int64_t row = 0; row < 50; ++row) item_rows.push_back((row * 3 + 1) % 50);
    std::vector<uint32_t> new_item(50);
    for (uint32_t i = 0; i < 50; ++i) new_item[static_cast<size_t>(item_rows[i])] = i;
    for (int64_t user = 0; user < 40; ++user) {
      for (int64_t e = from.offsets[user]; e < from.offsets[user + 1]; ++e) {
        users.push_back(static_cast<uint32_t>(39 - user));
        items.push_back(new_item[from.targets[e]]);
        values.push_back(from.values[e]);
        times.push_back(from.times[e]);
      }
    }
    return build_interactions(from.users.select(user_rows), from.items.select(item_rows),
                              {users, items, values, times}, {});
  }(events);
  for (const SplitBy by : kAll) {
    const InteractionsSplit split = split_by(by, events), again = split_by(by, renumbered),
                            other = split_by(by, events, 43);
    EXPECT_EQ(events_of(again.test), events_of(split.test));
    EXPECT_EQ(events_of(again.validation), events_of(split.validation));
    EXPECT_EQ(again.checksum, split.checksum);
    if (by != SplitBy::kTime && by != SplitBy::kLeaveLastOut) {
      EXPECT_NE(other.checksum, split.checksum);
    }
  }
}

TEST(InteractionsSplit, HasAChecksumOfWhichEventIsInWhichPart) {
  const Interactions events = sample_events();
  const InteractionsSplit split = split_by(SplitBy::kUserRatio, events);
  EXPECT_EQ(split.checksum.size(), 32U);
  const Interactions* const swapped[] = {&split.test, &split.validation, &split.train};
  EXPECT_NE(split_checksum(swapped), split.checksum);
  const Interactions* const fewer[] = {&split.train, &split.validation};
  EXPECT_NE(split_checksum(fewer), split.checksum);
}

TEST(InteractionsSplit, KeepsAUsersOnlyEventForTraining) {
  const std::vector<uint32_t> users = {0, 1, 1}, items = {0, 0, 1};
  const Interactions events =
      build_interactions(Ids::row_numbers(2), Ids::row_numbers(2), {users, items, {}, {}}, {});
  const InteractionsSplit split = split_by(SplitBy::kLeaveRandomOut, events);
  EXPECT_EQ(split.train.degree(0), 1);
  EXPECT_EQ(split.train.degree(1), 1);
  EXPECT_EQ(split.test.degree(1), 1);
}

TEST(InteractionsSplit, NeedsTimesToSplitByThem) {
  const Interactions events = sample_events(false);
  EXPECT_THAT(error_of([&] { split_by(SplitBy::kTime, events); }),
              HasSubstr("split by time needs the times"));
  EXPECT_THAT(error_of([&] { split_by(SplitBy::kLeaveLastOut, events); }), HasSubstr("leave_last_out"));
  const std::vector<uint32_t> users = {0, 1}, items = {0, 0};
  const std::vector<int64_t> times = {5, 5};
  const Interactions same = build_interactions(Ids::row_numbers(2), Ids::row_numbers(1),
                                               {users, items, {}, times, "shop.inter"}, {});
  EXPECT_THAT(error_of([&] { split_by(SplitBy::kTime, same); }),
              HasSubstr("shop.inter: all 2 events have the time 5"));
}

TEST(InteractionsSplit, HasPartsThatKnowTheirFile) {
  Interactions events = sample_events();
  events.source = "shop.inter";
  EXPECT_EQ(split_by(SplitBy::kUserRatio, events).test.where(), "shop.inter: ");
}

}  // namespace
}  // namespace whitney
