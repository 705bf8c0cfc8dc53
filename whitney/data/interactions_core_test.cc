#include "whitney/data/interactions_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/random.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// User 2 has one event; without it item 2 has one; without that user 1 has one; what is left is a square.
TEST(KCore, TakesAwayUntilNothingIsBelow) {
  const std::vector<uint32_t> users = {0, 0, 1, 1, 2, 3, 3}, items = {0, 1, 2, 3, 2, 0, 1};
  const std::vector<float> values = {1, 2, 3, 4, 5, 6, 7};
  const Interactions events =
      build_interactions(Ids::row_numbers(4), Ids::row_numbers(5), {users, items, values, {}}, {});
  const Interactions core = k_core(events, 2, 2, {});
  ASSERT_EQ(core.num_users(), 2);
  EXPECT_EQ(core.users.text(1), "3");
  EXPECT_EQ(core.items.text(1), "1");
  EXPECT_THAT(core.values.span(), ElementsAre(1, 2, 6, 7));
  EXPECT_EQ(k_core(events, 1, 1, {}).num_items(), 4);  // item 4 has no event
  EXPECT_THAT(error_of([&] { k_core(events, 3, 3, {}); }), HasSubstr("at least 3 for each user"));
}

TEST(KCore, IsAllEventsUnlessTheOptionsAskForMore) {
  const std::vector<uint32_t> users = {0, 0, 1}, items = {0, 1, 1};
  const Interactions events =
      build_interactions(Ids::row_numbers(3), Ids::row_numbers(2), {users, items, {}, {}}, {});
  EXPECT_EQ(core_of(events, {}, {}).num_users(), 3);  // user 2 has no event
  EXPECT_EQ(core_of(events, {.min_user_events = 2}, {}).num_users(), 1);
}

TEST(KCore, IsTheLargestPartThatHasEnough) {
  RandomStream random(3, "core", 0);
  std::vector<uint32_t> users, items;
  for (int i = 0; i < 700; ++i) {
    users.push_back(static_cast<uint32_t>(random.below(80)));
    items.push_back(static_cast<uint32_t>(random.below(60)));
  }
  const Interactions events =
      build_interactions(Ids::row_numbers(80), Ids::row_numbers(60), {users, items, {}, {}}, {});
  const Interactions core = k_core(events, 4, 5, {});
  // The plain way: all of one side, then all of the other, again and again.
  std::set<std::pair<int64_t, uint32_t>> left;
  for (int64_t user = 0; user < 80; ++user) {
    for (const uint32_t item : events.items_of(user)) left.emplace(user, item);
  }
  for (size_t before = 0; before != left.size();) {
    before = left.size();
    std::vector<int> of_user(80), of_item(60);
    for (const auto& [user, item] : left) ++of_user[static_cast<size_t>(user)], ++of_item[item];
    std::erase_if(left, [&](const auto& e) {
      return of_user[static_cast<size_t>(e.first)] < 4 || of_item[e.second] < 5;
    });
  }
  ASSERT_GT(left.size(), 0U);
  ASSERT_LT(static_cast<int64_t>(left.size()), events.size());
  std::set<std::pair<int64_t, uint32_t>> found;
  for (int64_t user = 0; user < core.num_users(); ++user) {
    for (const uint32_t item : core.items_of(user))
      found.emplace(core.users.integer(user), static_cast<uint32_t>(core.items.integer(item)));
  }
  EXPECT_EQ(found, left);
}

TEST(KCore, SaysWhichFileHasTooFew) {
  const std::vector<uint32_t> users = {0, 0}, items = {0, 1};
  Interactions events =
      build_interactions(Ids::row_numbers(1), Ids::row_numbers(2), {users, items, {}, {}, "shop.inter"}, {});
  EXPECT_THAT(error_of([&] { k_core(events, 3, 1, {}); }), HasSubstr("shop.inter: no part of the 2 events"));
  EXPECT_EQ(k_core(events, 2, 1, {}).source, "shop.inter");
  events.source = {};
  EXPECT_THAT(error_of([&] { k_core(events, 3, 1, {}); }), StartsWith("no part of the 2 events"));
}

}  // namespace
}  // namespace whitney
