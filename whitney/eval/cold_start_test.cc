#include "whitney/eval/cold_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"

namespace whitney::eval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Interactions events_of(const std::vector<uint32_t>& users, const std::vector<uint32_t>& items) {
  return build_interactions(Ids::row_numbers(4), Ids::row_numbers(5), {users, items, {}, {}}, {});
}

TEST(ColdStart, NamesRangesOfEvents) {
  const auto ranges = event_ranges(std::vector<int64_t>{0, 1, 10});
  EXPECT_EQ(ranges[0].text() + "; " + ranges[1].text() + "; " + ranges[2].text(), "0; 1-9; 10 and more");
  EXPECT_TRUE(ranges[2].holds(1'000'000));
  EXPECT_FALSE(ranges[1].holds(10));
  EXPECT_THAT(error_of([] { event_ranges(std::vector<int64_t>{5, 5}); }), HasSubstr("ascending"));
}

// Users 0, 1, 3 have 3, 0 and 1 training events; user 2 took nothing afterwards.
TEST(ColdStart, SlicesUsersByTheirTrainingEvents) {
  const Interactions train = events_of({0, 0, 0, 3, 2}, {0, 1, 2, 0, 0}),
                     test = events_of({0, 1, 3}, {3, 3, 3});
  const std::vector<uint32_t> users = {0, 1, 2, 3};
  const UserQualities qualities = list_qualities(users, {{}, {}, {}, {}}, test, train, 2);
  const auto slices = user_slices(qualities, train, event_ranges(std::vector<int64_t>{0, 1, 2, 4}));
  EXPECT_THAT(slices, ElementsAre(ElementsAre(1), ElementsAre(2), ElementsAre(0), IsEmpty()));
}

// Items 0, 1, 2 have 2, 1 and 0 training events. User 0 took 0 and 2 and is shown 0; user 1 took 1 and 2 and
// is shown both, but 1 beyond k.
TEST(ColdStart, SlicesTheItemsThatUsersTook) {
  const Interactions train = events_of({2, 3, 2}, {0, 0, 1}), test = events_of({0, 0, 1, 1}, {0, 2, 1, 2});
  const std::vector<std::vector<recommend::ScoredItem>> lists = {{{0, 3}, {3, 2}}, {{2, 3}, {4, 2}, {1, 1}}};
  const auto slices = item_slices(std::vector<uint32_t>{0, 1}, lists, test, train, 2,
                                  event_ranges(std::vector<int64_t>{0, 1, 2}));
  EXPECT_THAT(slices[0].users, ElementsAre(0, 1));
  EXPECT_THAT(slices[0].recall, ElementsAre(0, 1));
  EXPECT_THAT(slices[1].users, ElementsAre(1));
  EXPECT_THAT(slices[1].recall, ElementsAre(0));
  EXPECT_THAT(slices[2].recall, ElementsAre(1));
}

}  // namespace
}  // namespace whitney::eval
