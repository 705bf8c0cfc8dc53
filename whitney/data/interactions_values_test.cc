#include "whitney/data/interactions_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/core/notes_test.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class EventsThatCount : public testing::Test {
 protected:
  EventsThatCount() { context_.progress = &notes_; }
  std::vector<int64_t> places(const std::vector<float>& values, const InteractionsOptions& options) {
    return events_that_count(values, std::ssize(values), options, "", context_);
  }
  std::string error_of_places(const std::vector<float>& values, const InteractionsOptions& options) {
    return error_of([&] { places(values, options); });
  }
  Notes notes_;
  Context context_;
};

TEST_F(EventsThatCount, AreThoseOfValuesThatAreHighEnough) {
  EXPECT_THAT(places({1, 5, 2.5F, -3}, {.min_value = 2}), ElementsAre(1, 2));
  EXPECT_THAT(places({1, 5}, {}), ElementsAre(0, 1));
  EXPECT_EQ(notes_.text(), "");
}

// As float32 0.7 is 0.699999988, below the double.
TEST_F(EventsThatCount, HaveBoundsAsRoundAsTheirValues) {
  EXPECT_THAT(places({0.7F, 0.9F}, {.min_value = 0.7, .value_range = {0.7, 0.9}}), ElementsAre(0, 1));
  EXPECT_THAT(error_of_places({0.7F, 0.9F}, {.value_range = {0.7, 0.8}}),
              HasSubstr("event 1 has the value 0.9, which is outside 0.7 to 0.8 (value_range)"));
}

TEST_F(EventsThatCount, AreRightOrRefused) {
  EXPECT_THAT(places({1, 5}, {.value_range = {1, 5}}), ElementsAre(0, 1));
  EXPECT_THAT(error_of_places({1, 5, 5.5F}, {.value_range = {1, 5}}),
              HasSubstr("event 2 has the value 5.5, which is outside 1 to 5"));
  EXPECT_THAT(error_of_places({std::numeric_limits<float>::quiet_NaN()}, {.value_range = {1, 5}}),
              HasSubstr("event 0 has the value nan"));
  EXPECT_THAT(error_of_places({1}, {.value_range = {3, 1}}), HasSubstr("two numbers, the lower first"));
  EXPECT_THAT(error_of_places({1}, {.value_range = {3}}), HasSubstr("two numbers, the lower first"));
}

TEST_F(EventsThatCount, AreAllWhereThereAreNoValues) {
  const InteractionsOptions options{.min_value = 3, .value_range = {1, 5}};
  EXPECT_THAT(events_that_count({}, 2, options, "a.tsv: ", context_), ElementsAre(0, 1));
  EXPECT_THAT(notes_.text(),
              AllOf(HasSubstr("a.tsv: option \"min_value\" has no effect: the events have no values"),
                    HasSubstr("a.tsv: option \"value_range\" has no effect")));
  EXPECT_THAT(error_of([&] { events_that_count({}, 2, {.value_range = {3, 1}}, "", context_); }),
              HasSubstr("two numbers, the lower first"));
}

TEST_F(EventsThatCount, LeaveAllUsersAndItems) {
  const std::vector<uint32_t> users = {0, 1, 2}, items = {0, 1, 0};
  const std::vector<float> values = {5, 1, 4};
  const std::vector<int64_t> times = {7, 8, 9};
  const Interactions events =
      build_interactions(Ids::row_numbers(3), Ids::row_numbers(2), {users, items, values, times, "a"}, {});
  const Interactions kept =
      events_that_count(events, {.user_field = "who", .min_value = 4}, "these", context_);
  EXPECT_THAT(kept.offsets.span(), ElementsAre(0, 1, 1, 2));
  EXPECT_THAT(kept.values.span(), ElementsAre(5, 4));
  EXPECT_THAT(kept.times.span(), ElementsAre(7, 9));
  EXPECT_EQ(kept.num_items(), 2);
  EXPECT_EQ(kept.source, "a");
  EXPECT_EQ(notes_.text(), "option \"user_field\" has no effect on these\n");
}

}  // namespace
}  // namespace whitney
