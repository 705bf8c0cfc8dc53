#include "whitney/data/interactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/notes_test.h"
#include "whitney/core/random.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Interactions small(const std::vector<uint32_t>& users, const std::vector<uint32_t>& items,
                   const std::vector<float>& values = {}, const std::vector<int64_t>& times = {},
                   const Context& context = {}) {
  return build_interactions(Ids::row_numbers(3), Ids::row_numbers(4), {users, items, values, times}, context);
}

TEST(Interactions, AreRowsOfItemsInOrder) {
  const Interactions events = small({2, 0, 0, 2}, {3, 2, 0, 1});
  EXPECT_THAT(events.offsets.span(), ElementsAre(0, 2, 2, 4));
  EXPECT_THAT(events.items_of(0), ElementsAre(0, 2));
  EXPECT_THAT(events.items_of(1), IsEmpty());
  EXPECT_THAT(events.items_of(2), ElementsAre(1, 3));
  EXPECT_THAT(item_degrees(events), ElementsAre(1, 1, 1, 1));
}

TEST(Interactions, KeepTheLastOfEventsThatRepeatAPair) {
  Notes notes;
  Context context;
  context.progress = &notes;
  const Interactions by_order = small({0, 0, 0}, {1, 1, 2}, {5, 3, 1}, {}, context);
  EXPECT_THAT(by_order.targets.span(), ElementsAre(1, 2));
  EXPECT_THAT(by_order.values.span(), ElementsAre(3, 1));
  EXPECT_THAT(notes.sentences, ElementsAre("1 event repeats a pair of user and item: the last one counts"));
  const Interactions by_time = small({0, 0, 0}, {1, 1, 2}, {5, 3, 1}, {20, 10, 0});
  EXPECT_THAT(by_time.values.span(), ElementsAre(5, 1));
  EXPECT_THAT(by_time.times.span(), ElementsAre(20, 0));
}

TEST(Interactions, TurnAroundAndBack) {
  RandomStream random(42, "interactions", 0);
  std::vector<uint32_t> users, items;
  std::vector<float> values;
  std::vector<int64_t> times;
  for (int i = 0; i < 400; ++i) {
    users.push_back(static_cast<uint32_t>(random.below(30)));
    items.push_back(static_cast<uint32_t>(random.below(50)));
    values.push_back(static_cast<float>(i));
    times.push_back(i);
  }
  const Interactions events =
      build_interactions(Ids::row_numbers(30), Ids::row_numbers(50), {users, items, values, times}, {});
  const Interactions turned = transposed(events);
  EXPECT_EQ(turned.num_users(), 50);
  std::multiset<std::tuple<uint32_t, uint32_t, float>> before, after;
  for (int64_t user = 0; user < 30; ++user) {
    for (int64_t e = events.offsets[user]; e < events.offsets[user + 1]; ++e)
      before.emplace(user, events.targets[e], events.values[e]);
  }
  for (int64_t item = 0; item < 50; ++item) {
    EXPECT_TRUE(std::ranges::is_sorted(turned.items_of(item)));
    for (int64_t e = turned.offsets[item]; e < turned.offsets[item + 1]; ++e)
      after.emplace(turned.targets[e], item, turned.values[e]);
  }
  EXPECT_EQ(before, after);
  EXPECT_EQ(fingerprint(transposed(turned)), fingerprint(events));
  EXPECT_NE(fingerprint(turned), fingerprint(events));
}

TEST(Interactions, RefuseRowsBeyondTheIdsAndValuesThatAreNoNumbers) {
  EXPECT_THROW(small({3}, {0}), Error);
  EXPECT_THROW(small({0}, {4}), Error);
  EXPECT_THROW(small({0}, {0}, {std::numeric_limits<float>::quiet_NaN()}), Error);
  EXPECT_EQ(small({}, {}).size(), 0);
}

}  // namespace
}  // namespace whitney
