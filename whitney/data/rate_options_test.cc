#include "whitney/data/rate_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "whitney/core/error.h"
#include "whitney/core/error_of.h"
#include "whitney/data/rate_schedule.h"

namespace whitney {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(RateOptions, FallOverTheEpochsOfTheTrainingOrTheirOwn) {
  RateOptions options;
  options.schedule = RateSchedule::kCosine;
  options.final_rate = 0.1;
  options.warm_up = 0.5;
  EXPECT_EQ(options.resolved(20).schedule_epochs, 20);
  const Schedule schedule = schedule_of(options.resolved(20), 10);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 0), 1.0 / 6);
  EXPECT_DOUBLE_EQ(schedule_factor(schedule, 5), 1);
  EXPECT_NEAR(schedule_factor(schedule, 200), 0.1, 1e-12);
  // A run that is given more epochs later keeps its rates only by a number of its own.
  options.schedule_epochs = 5;
  EXPECT_EQ(options.resolved(20).schedule_epochs, 5);
  EXPECT_NEAR(schedule_factor(schedule_of(options, 10), 50), 0.1, 1e-12);
}

TEST(RateOptions, RefuseAWarmUpThatLeavesNoEpochToFallIn) {
  RateOptions options;
  options.schedule = RateSchedule::kLinear;
  options.warm_up = 5;
  options.schedule_epochs = 5;
  EXPECT_THAT(error_of([&] { options.resolved(100); }), HasSubstr("\"warm_up\" is 5 epochs"));
}

TEST(RateOptions, AreConstantByDefault) {
  const RateOptions options;
  EXPECT_FALSE(options.resolved(100).schedule_epochs);
  EXPECT_EQ(schedule_factor(schedule_of(options, 10), 1'000'000), 1);
}

TEST(RateOptions, TellWhichOthersLeaveWithoutEffect) {
  RateOptions options;
  EXPECT_THAT(options.ineffective(), IsEmpty());
  options.final_rate = 0.5;
  options.schedule_epochs = 7;
  EXPECT_THAT(options.ineffective(), ElementsAre("final_rate", "schedule_epochs"));
  options.schedule = RateSchedule::kLinear;
  EXPECT_THAT(options.ineffective(), IsEmpty());
}

}  // namespace
}  // namespace whitney
